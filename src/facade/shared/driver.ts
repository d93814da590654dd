// Drives the rules of one tab: tells them what the store, the locks and the bodies say, and does what they want.

import { report } from "../errors.js";
import { deepFreeze, type JobTypes } from "../runner/job-types.js";
import { wrongType } from "../support/check.js";
import { cloned } from "../support/clone.js";
import { DeliveryQueue } from "../support/delivery-queue.js";
import { tagOf } from "../support/look.js";
import { wallNow } from "../support/time.js";
import { takeTurn } from "../support/turn.js";
import { Alarm } from "../wasm/alarm.js";
import { now } from "../wasm/clock.js";
import { rethrow, unexpected } from "../wasm/engine.js";
import { Bodies } from "./bodies.js";
import { Channel, type Log, type Said } from "./channel.js";
import { Locks, LonelyLocks } from "./locks.js";
import type { Mirror } from "./mirror.js";
import { ANSWER, AT, EFFECT, EFFECT_SIZE, isOver, TELL } from "./numbers.js";
import type { CheckedOptions, CheckedType } from "./options.js";
import type { Seen } from "./requests.js";
import type { StoredJob, StoredSlot } from "./rows.js";
import type { Claim, Lock, Transactions } from "./transactions.js";
import type { TabRules } from "./wasm.js";

/** A type that this tab has. */
export interface Kind extends CheckedType {
  /** The rules' number for it. */
  readonly number: number;
}

export interface DriverParts {
  readonly options: CheckedOptions;
  readonly rules: TabRules;
  readonly mirror: Mirror;
  readonly kinds: ReadonlyMap<string, Kind>;
  readonly types: JobTypes;
}

/** Jobs that are told without a turn for the page. */
const AT_ONCE = 100;
/** What pending jobs wait for may be something else after these. */
const CHANGES_WAITS: readonly number[] = [TELL.tick, TELL.parked, TELL.visible, TELL.online];

export class Driver {
  private readonly parts: DriverParts;
  private readonly transactions: Transactions;
  private readonly locks: Locks | LonelyLocks;
  private readonly channel: Channel | undefined;
  private readonly alarm = new Alarm();
  private readonly deliveries = new DeliveryQueue<Float64Array>((effects) => this.doAll(effects));
  private slots: readonly StoredSlot[] = [];
  private cursor = 0;
  /** The latest look at the store. */
  private reading: Promise<void> | undefined = undefined;
  /** Before, nobody is told of a queue in which no job is known yet. */
  private hasLooked = false;
  /** Read, and not told yet. */
  private readonly untold = new Map<string, StoredJob>();
  /** The latest request for each lock, and what is being written where one is held. */
  private readonly asked = new Map<string, number>();
  private readonly entering = new Map<number, AbortController>();
  readonly bodies: Bodies;
  /** Heard before what they follow was read. */
  private logs: readonly Log[] = [];
  private left: (() => void)[] = [];
  private isClosed = false;
  private isRetired = false;
  private isBroken = false;

  constructor(parts: DriverParts, transactions: Transactions, isShared: boolean) {
    this.parts = parts;
    this.transactions = transactions;
    const granted = (request: number) => this.tell(TELL.granted, request);
    const lost = (request: number) => this.tell(TELL.lockLost, request);
    const { name } = parts.options;
    this.locks = isShared ? new Locks(name, granted, lost) : new LonelyLocks(granted);
    this.channel = isShared ? new Channel(name, (said) => this.hear(said)) : undefined;
    const { rules, mirror, types } = parts;
    mirror.broken = () => this.break();
    this.bodies = new Bodies({
      rules,
      mirror,
      types,
      transactions,
      trace: parts.options.trace,
      apply: (effects) => this.apply(effects),
      see: (seen) => this.see(seen),
      going: () => this.tell(TELL.going, 0),
      log: (log) => {
        this.hear({ log });
        this.channel?.say({ log });
      },
    });
  }

  /** The rules have failed: others go on at once with what this tab has. */
  private break(): void {
    this.isBroken = true;
    this.locks.dropAll();
    this.bodies.abortAll(this.parts.mirror.failure);
    for (const resolve of this.left.splice(0)) resolve();
    this.shut();
  }

  /** Resolves when the store has been read once. Where the tab is, is known before any job is: not all may be run there. */
  async start(): Promise<void> {
    if (typeof document !== "undefined") {
      document.addEventListener("visibilitychange", this.onVisibility);
      addEventListener("pagehide", this.onHide);
      addEventListener("pageshow", this.onShow);
      this.onVisibility();
    }
    if (typeof addEventListener === "function") {
      addEventListener("online", this.onOnline);
      addEventListener("offline", this.onOnline);
    }
    // Has the store read.
    this.onOnline();
    await this.reading;
    this.hasLooked = true;
    this.parts.mirror.touch();
  }

  /** Lets go of all at once; nothing is done after that. */
  async close(): Promise<void> {
    if (!this.isClosed) {
      const left = new Promise<void>((resolve) => this.left.push(resolve));
      this.tell(TELL.leave, 0);
      await left;
    }
    this.shut();
  }

  private shut(): void {
    this.isClosed = true;
    this.alarm.clear();
    this.channel?.close();
    if (typeof document !== "undefined") {
      document.removeEventListener("visibilitychange", this.onVisibility);
      removeEventListener("pagehide", this.onHide);
      removeEventListener("pageshow", this.onShow);
    }
    if (typeof removeEventListener === "function") {
      removeEventListener("online", this.onOnline);
      removeEventListener("offline", this.onOnline);
    }
  }

  /** Runs nothing any more; watching goes on. */
  retire(): void {
    this.isRetired = true;
    this.tell(TELL.leave, 0);
  }

  private readonly onVisibility = () => this.tell(TELL.visible, Number(!document.hidden));
  private readonly onOnline = () => this.tell(TELL.online, Number(globalThis.navigator?.onLine !== false));
  private readonly onHide = (event: PageTransitionEvent) => {
    this.tell(TELL.leave, 1);
    this.channel?.close();
    // WebKit puts away a page with its transactions open, where others close or leave it.
    if (event.persisted) this.transactions.storage.pause();
  };
  private readonly onShow = (event: PageTransitionEvent) => {
    if (!event.persisted) return;
    this.transactions.storage.resume();
    this.channel?.open();
    this.tell(TELL.back, 0);
    if (this.isRetired) this.tell(TELL.leave, 0);
  };

  private hear({ hint, log }: Said): void {
    if (hint) this.tell(TELL.hint, 0);
    if (log) {
      this.logs = [...this.logs, log];
      this.tellLogs();
    }
  }

  /** Those whose rows are known; of a job that is about to end all. */
  private tellLogs(ending?: StoredJob): void {
    const { mirror } = this.parts;
    this.logs = this.logs.filter((log) => {
      const { id, message, at, changed } = log;
      const known = id === ending?.id ? ending : mirror.get(id);
      // It is an earlier job's, and another has the id.
      if (known !== undefined && changed < known.incarnation) return false;
      const waits = ending === undefined ? (known?.changed ?? this.cursor) < changed : known !== ending;
      if (!waits) mirror.say(id, { type: "job_log", job_id: id, message, at });
      return waits;
    });
  }

  // ── telling ─────────────────────────────────────────────────────────────────────────────────

  readonly tell = (what: number, number: number): void => {
    if (this.isClosed) return;
    this.apply(this.parts.rules.tell(now(), wallNow(), what, number));
    if (this.hasLooked && CHANGES_WAITS.includes(what)) this.parts.mirror.touch();
  };

  /** What a transaction has seen, told in the order in which transactions complete. */
  see(seen: Seen): void {
    this.learn(seen);
    if (seen.jobs.length > 0 || seen.gone.length > 0) this.channel?.say({ hint: true });
  }

  /** The same of one that has written nothing, of which others need not hear. */
  learn(seen: Seen): void {
    // What this tab has written, and nobody before it, need not be read.
    if (seen.from === this.cursor) this.cursor = seen.to;
    this.seeJobs(seen.jobs);
    this.forget(seen.gone);
    this.seeSlots(seen.slots);
  }

  private seeJobs(jobs: readonly StoredJob[]): void {
    const { mirror, kinds, rules } = this.parts;
    const [time, wall] = [now(), wallNow()];
    for (const job of jobs) {
      const known = mirror.get(job.id);
      if (known !== undefined && known.changed > job.changed) continue;
      // That one was let go of, and has its id no longer: what was kept of it is not this one's.
      if (known !== undefined && known.incarnation !== job.incarnation) this.forget([job.id]);
      // After the end nobody hears of it any more.
      if (this.logs.length > 0 && isOver(job.row)) this.tellLogs(job);
      // As where it was made: what somebody makes of a record is not what is run.
      deepFreeze(job.params);
      const number = mirror.put(job)!;
      this.deliveries.push(
        rules.seen(time, wall, number, kinds.get(job.type)?.number ?? -1, new Float64Array(job.row)),
      );
    }
    this.arm();
  }

  /** With turns for the page in between. What another look finds meanwhile is told with the rest. */
  private async seeMany(jobs: readonly StoredJob[]): Promise<void> {
    for (const job of jobs) this.untold.set(job.id, job);
    let part: StoredJob[] = [];
    for (const [id, job] of this.untold) {
      this.untold.delete(id);
      part.push(job);
      if (part.length < AT_ONCE) continue;
      this.seeJobs(part);
      part = [];
      await takeTurn();
    }
    this.seeJobs(part);
  }

  private seeSlots(slots: readonly StoredSlot[]): void {
    for (const [index, { generation, beat }] of slots.entries()) {
      const known = this.slots[index];
      if (known?.generation === generation && known.beat === beat) continue;
      this.apply(this.parts.rules.slot(now(), wallNow(), index, generation, beat));
    }
    this.slots = slots;
  }

  private forget(ids: readonly string[]): void {
    for (const id of ids) {
      this.untold.delete(id);
      const { mirror } = this.parts;
      const job = mirror.get(id);
      if (job === undefined) continue;
      const number = mirror.remove(id)!;
      // Whoever waits for its end is told before.
      queueMicrotask(() => this.bodies.forget(job));
      this.tell(TELL.gone, number);
    }
  }

  // ── doing ───────────────────────────────────────────────────────────────────────────────────

  private apply(effects: Float64Array): void {
    this.deliveries.push(effects);
    this.arm();
  }

  private doAll(effects: Float64Array): void {
    if (this.isBroken) return;
    for (let at = 0; at < effects.length; at += EFFECT_SIZE) this.do([...effects.subarray(at, at + EFFECT_SIZE)]);
  }

  private arm(): void {
    if (this.isClosed) return;
    this.alarm.set(this.parts.rules.wakeAt(), () => {
      try {
        this.tell(TELL.tick, 0);
      } catch (error) {
        rethrow(error);
      }
    });
  }

  private do([what, one, two, three, four, five, six, seven]: number[]): void {
    switch (what) {
      case EFFECT.ask:
        this.asked.set(`${two}:${three}`, one!);
        this.locks.ask(one!, { slot: two!, generation: three! });
        break;
      case EFFECT.drop:
        // Another holder of the lock must not find what this one still writes.
        this.entering.get(one!)?.abort();
        this.locks.drop(one!);
        break;
      case EFFECT.read:
        this.reading = this.read().catch(unexpected);
        break;
      case EFFECT.enter: {
        const claim = three === -1 ? undefined : { number: three!, rest: [four!, five!, six!, seven!] };
        this.enter({ slot: one!, generation: two! }, claim).catch(unexpected);
        break;
      }
      case EFFECT.retire:
        this.retireSlot({ slot: one!, generation: two! }, three!).catch(unexpected);
        break;
      case EFFECT.settle:
        this.bodies.settle(one!, two!, { slot: three!, generation: four! }, [five!, six!]).catch(unexpected);
        break;
      case EFFECT.mark:
        this.bodies.mark(one!, two!, three!);
        break;
      case EFFECT.run:
        this.bodies.run(one!, two!).catch(unexpected);
        break;
      case EFFECT.abort:
        this.bodies.abort(one!, two!, three!);
        break;
      case EFFECT.deliver:
        this.bodies.deliver(one!, two!, three!).catch(unexpected);
        break;
      case EFFECT.acknowledge:
        this.bodies.acknowledge(one!, two!, three!).catch(unexpected);
        break;
      default:
        for (const resolve of this.left.splice(0)) resolve();
    }
  }

  private async read(): Promise<void> {
    const held: Lock[] = [];
    const numbers = this.parts.rules.held();
    for (let at = 0; at < numbers.length; at += 2) held.push({ slot: numbers[at]!, generation: numbers[at + 1]! });
    try {
      const since = this.cursor;
      const { meta, jobs, isWhole } = await this.transactions.read(since, held);
      this.cursor = Math.max(this.cursor, meta.counter);
      const there = new Set(jobs.map(({ id }) => id));
      const known = isWhole
        ? [...this.parts.mirror.all(), ...this.untold.keys()]
        : meta.gone.filter(({ at }) => at > since).map(({ id }) => id);
      this.forget(known.filter((id) => !there.has(id)));
      await this.seeMany(jobs);
      this.tellLogs();
      this.seeSlots(meta.slots);
      this.tell(TELL.readDone, 1);
    } catch {
      this.tell(TELL.readDone, 0);
    }
  }

  private async enter(lock: Lock, wanted: { number: number; rest: number[] } | undefined): Promise<void> {
    const { mirror, rules } = this.parts;
    const answered = (answer: number) =>
      this.apply(rules.answered(now(), wallNow(), lock.slot, lock.generation, false, answer));
    const request = this.asked.get(`${lock.slot}:${lock.generation}`) ?? 0;
    const controller = new AbortController();
    this.entering.set(request, controller);
    // Users' code runs before the transaction.
    await undefined;
    const job = wanted && mirror.of(wanted.number);
    const claim = job && this.claim(job, wanted!.rest);
    if (wanted !== undefined && claim === undefined) {
      this.entering.delete(request);
      this.tell(TELL.parked, wanted.number);
      answered(ANSWER.refused);
      return;
    }
    try {
      const { written, seen, claimed } = await this.transactions.enter(lock, claim, controller.signal);
      if (claimed !== undefined) this.bodies.claimed.set(wanted!.number, claimed);
      this.see(seen);
      answered(written ? ANSWER.written : ANSWER.refused);
    } catch {
      answered(ANSWER.failed);
    } finally {
      this.entering.delete(request);
    }
  }

  /** With the params as this tab's version of the type has them; undefined: they can't be brought to that. */
  private claim(job: StoredJob, claim: readonly number[]): Claim | undefined {
    const { id, incarnation, type, row } = job;
    const { migrate, version } = this.parts.kinds.get(type)!;
    const from = row[AT.version]!;
    if (from === version) return { id, incarnation, claim, params: job.params };
    try {
      const given = cloned(job.params);
      const params = migrate === undefined ? given : migrate(given, from);
      // What it has forgotten to return, or has promised, would pass for none at all.
      if (tagOf(params) !== "[object Object]")
        throw wrongType(`What migrate of "${type}" returns`, "an object", params);
      return { id, incarnation, claim, params: this.parts.types.needValid(type, params) };
    } catch (error) {
      report(error);
      return undefined;
    }
  }

  private async retireSlot(lock: Lock, beat: number): Promise<void> {
    const answered = (answer: number) =>
      this.apply(this.parts.rules.answered(now(), wallNow(), lock.slot, lock.generation, true, answer));
    try {
      const { written, seen } = await this.transactions.retire(lock, beat);
      this.see(seen);
      answered(written ? ANSWER.written : ANSWER.refused);
      if (written) this.locks.steal(lock);
    } catch {
      answered(ANSWER.failed);
    }
  }
}
