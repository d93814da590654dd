// The bodies that this tab runs: what is wanted of them, what they say, and what came of them.

import { colorOf, showPhase } from "../manager/trace.js";
import type { JobTypes } from "../runner/job-types.js";
import { cloned } from "../support/clone.js";
import { messageOf } from "../support/look.js";
import { mayRetry } from "../support/retry-rules.js";
import { deserialize } from "../support/serialize.js";
import { setTimer, wallNow } from "../support/time.js";
import { now } from "../wasm/clock.js";
import { unexpected } from "../wasm/engine.js";
import type { Log } from "./channel.js";
import { HandoverError, isNotStorable, isUnstorable, LostOwnershipError, notStorable, writeThrown } from "./errors.js";
import type { Mirror } from "./mirror.js";
import { ANSWER, AT, CANCELLED, OUTCOME, RUNNING, WHY } from "./numbers.js";
import type { Answered, Seen } from "./requests.js";
import type { StoredJob, StoredStep } from "./rows.js";
import { Run, type RunHost, type Sayings, storable } from "./run.js";
import type { Ending, Lock, Transactions } from "./transactions.js";
import type { TabRules } from "./wasm.js";

/** What bodies ask of their driver. */
export interface BodiesHost {
  readonly rules: TabRules;
  readonly mirror: Mirror;
  readonly types: JobTypes;
  readonly transactions: Transactions;
  /** Runs are shown in the Performance panel. */
  readonly trace: boolean;
  apply(effects: Float64Array): void;
  /** The page may be about to go. */
  going(): void;
  see(seen: Seen): void;
  log(log: Log): void;
}

const FINAL: readonly [number, number] = [OUTCOME.final, Number.NaN];

/** How a body has ended: with one of them, or with neither, where it was handed over. */
interface Ended {
  readonly result?: unknown;
  /** The very value. */
  readonly thrown?: unknown;
}

const tooLong = () => new DOMException("The job took too long", "TimeoutError");

export class Bodies implements RunHost {
  private readonly host: BodiesHost;
  private readonly runs = new Map<string, Run>();
  /** Of runs that have ended, until that is recorded. */
  private readonly endings = new Map<string, Ended>();
  /** What was stored of jobs that were claimed here, for the runs to come. */
  readonly steps = new Map<string, Map<string, StoredStep>>();
  /** What bodies of this tab have thrown last, in which run, and what its callers have given as reasons: the very objects. */
  readonly thrown = new Map<string, { readonly epoch: number; readonly value: unknown }>();
  readonly reasons = new Map<string, unknown>();

  constructor(host: BodiesHost) {
    this.host = host;
  }

  async settle(number: number, epoch: number, lock: Lock, outcome: [number, number]): Promise<void> {
    const job = this.host.mirror.of(number);
    const name = `${job?.id}:${epoch}`;
    const answer = (what: number) =>
      this.host.apply(this.host.rules.recorded(now(), wallNow(), number, epoch, false, what));
    if (job === undefined) {
      answer(ANSWER.refused);
      return;
    }
    try {
      const { written, seen, ending } = await this.record(
        job.id,
        epoch,
        lock,
        outcome,
        this.endingOf(name, outcome[0]),
      );
      if (written && "thrown" in ending) this.thrown.set(job.id, { epoch, value: ending.thrown });
      this.endings.delete(name);
      this.host.see(seen);
      answer(written ? ANSWER.written : ANSWER.refused);
    } catch {
      answer(ANSWER.failed);
    }
  }

  private async record(
    id: string,
    epoch: number,
    lock: Lock,
    outcome: readonly [number, number],
    ending: Ended,
  ): Promise<Answered & { readonly ending: Ended }> {
    const settle = (given: Ending) => this.host.transactions.settle(id, epoch, lock, outcome, given);
    try {
      const { thrown } = ending;
      const answered = await ("thrown" in ending ? writeThrown(thrown, (error) => settle({ error })) : settle(ending));
      return { ...answered, ending };
    } catch (error) {
      if (!isUnstorable(error) || "thrown" in ending) throw error;
      // Not even if it were tried for ever.
      return this.record(id, epoch, lock, FINAL, { thrown: notStorable("The result", error) });
    }
  }

  private endingOf(name: string, outcome: number): Ended {
    if (outcome === OUTCOME.timedOut) return { thrown: tooLong() };
    // What a body rejects with when it is handed over is not its end.
    return outcome === OUTCOME.released ? {} : (this.endings.get(name) ?? {});
  }

  /** The very object that the job has ended with. */
  thrownOf(id: string): { readonly value: unknown } | undefined {
    const row = this.host.mirror.get(id)?.row;
    if (row?.[AT.status] === CANCELLED) return this.reasons.has(id) ? { value: this.reasons.get(id) } : undefined;
    const own = this.thrown.get(id);
    return row !== undefined && own?.epoch === row[AT.epoch] ? own : undefined;
  }

  mark(number: number, epoch: number, slot: number): void {
    const job = this.host.mirror.of(number);
    if (job !== undefined) this.host.transactions.mark(job, epoch, slot);
  }

  async run(number: number, epoch: number): Promise<void> {
    const { mirror, rules, types } = this.host;
    const job = mirror.of(number);
    if (job === undefined) return;
    const run = new Run(this, job, epoch, this.steps.get(job.id) ?? new Map());
    this.steps.delete(job.id);
    const name = `${job.id}:${epoch}`;
    this.runs.set(name, run);
    this.watchPage();
    const start = performance.now();
    const outcome = await this.outcomeOf(name, job, async () => {
      const value = await types.get(job.type)(cloned(job.params), run.context);
      return storable(value, "The result");
    });
    if (this.host.trace) this.show(job, epoch, start);
    await run.over();
    this.runs.delete(name);
    this.watchPage();
    const how = run.refused === undefined ? outcome : OUTCOME.final;
    if (run.refused !== undefined) this.endings.set(name, { thrown: run.refused });
    this.host.apply(rules.settled(now(), wallNow(), number, epoch, how, Number.NaN));
    // Not to be recorded: it had been lost, or handed over.
    if (!this.isOwn(job.id, epoch)) this.endings.delete(name);
  }

  /** Only while something runs: Firefox puts no page away that listens to it. */
  private watchPage(): void {
    if (typeof document === "undefined") return;
    if (this.runs.size > 0) addEventListener("beforeunload", this.host.going);
    else removeEventListener("beforeunload", this.host.going);
  }

  private show({ id, type, row }: StoredJob, epoch: number, start: number): void {
    const attempt = row[AT.attempt]!;
    const phase = { name: type, what: `attempt ${attempt}`, color: colorOf(attempt), start };
    const ending = this.endings.get(`${id}:${epoch}`) ?? {};
    if ("thrown" in ending) showPhase("SharedRunner", id, phase, "rejected", messageOf(ending.thrown));
    else showPhase("SharedRunner", id, phase, "resolved");
  }

  private isOwn(id: string, epoch: number): boolean {
    const row = this.host.mirror.get(id)?.row;
    return row !== undefined && row[AT.status] === RUNNING && row[AT.epoch] === epoch;
  }

  private async outcomeOf(name: string, { row }: StoredJob, body: () => Promise<unknown>): Promise<number> {
    try {
      this.endings.set(name, { result: await body() });
      return OUTCOME.resolved;
    } catch (thrown) {
      this.endings.set(name, { thrown });
      // Its own retries have no rule: none can be recorded.
      const mayHelp = !isNotStorable(thrown) && mayRetry(undefined, thrown, row[AT.attempt]!);
      return mayHelp ? OUTCOME.rejected : OUTCOME.final;
    }
  }

  private runOf(number: number, epoch: number): Run | undefined {
    return this.runs.get(`${this.host.mirror.of(number)?.id}:${epoch}`);
  }

  abort(number: number, epoch: number, why: number): void {
    const job = this.host.mirror.of(number);
    const run = this.runOf(number, epoch);
    if (run === undefined) return;
    if (why === WHY.stop) run.abort(this.reasons.get(run.id) ?? deserialize(job?.reason));
    else if (why === WHY.timeout) run.abort(tooLong());
    else if (why === WHY.handover) run.abort(new HandoverError("This tab lets go of the job"));
    else {
      run.hasLost = true;
      run.abort(new LostOwnershipError("Another tab has this job: this one was silent for too long"));
    }
  }

  /** What they still write is refused, or goes to nobody. */
  abortAll(reason: unknown): void {
    for (const run of this.runs.values()) {
      run.hasLost = true;
      run.abort(reason);
    }
  }

  async deliver(number: number, epoch: number, action: number): Promise<void> {
    const job = this.host.mirror.of(number);
    if (job === undefined) return;
    let given: unknown;
    try {
      given = await this.host.transactions.action(job.incarnation, action);
    } catch {
      // Acknowledged unheard it would be lost; unless the run has lost the job, or let go of it.
      if (!this.isOwn(job.id, epoch) || this.host.mirror.failure !== undefined) return;
      setTimer(() => this.deliver(number, epoch, action).catch(unexpected), 1000);
      return;
    }
    await this.runOf(number, epoch)?.deliver(given);
  }

  async acknowledge(number: number, epoch: number, action: number): Promise<void> {
    const id = this.host.mirror.of(number)?.id ?? "";
    const answer = (what: number) =>
      this.host.apply(this.host.rules.recorded(now(), wallNow(), number, epoch, true, what));
    try {
      const { written, seen } = await this.host.transactions.acknowledge(id, epoch, action);
      this.host.see(seen);
      answer(written ? ANSWER.written : ANSWER.refused);
    } catch {
      answer(ANSWER.failed);
    }
  }

  // ── what bodies say ─────────────────────────────────────────────────────────────────────────

  async say(run: Run, said: Sayings): Promise<boolean> {
    try {
      const { seen } = await this.host.transactions.say(run.id, run.epoch, said);
      this.host.see(seen);
      return true;
    } catch (error) {
      // Where the store is gone for good, there is nothing to come back for.
      if (!isUnstorable(error)) return this.host.mirror.failure !== undefined;
      run.refuse(notStorable("The state", error));
      const { progress } = said;
      return progress === undefined || this.say(run, { progress });
    }
  }

  log(run: Run, message: string): void {
    const changed = this.host.mirror.get(run.id)?.changed ?? 0;
    const log = { id: run.id, message, at: wallNow(), changed };
    this.host.log(log);
  }

  async step(run: Run, name: string, step: StoredStep): Promise<boolean> {
    const { written, seen } = await this.host.transactions.step(run.id, run.epoch, name, step);
    if (!written) this.host.see(seen);
    return written;
  }

  goingUntil(run: Run): number {
    return this.host.rules.goingUntil(now(), this.host.mirror.numberOf(run.id) ?? 0, run.epoch);
  }

  listening(run: Run): void {
    this.heard(run, false);
  }

  handled(run: Run): void {
    this.heard(run, true);
  }

  private heard(run: Run, handled: boolean): void {
    const number = this.host.mirror.numberOf(run.id);
    if (number === undefined) return;
    this.host.apply(this.host.rules.action(now(), wallNow(), number, run.epoch, handled));
  }
}
