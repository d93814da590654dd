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
import { Run, type RunHost, storable } from "./run.js";
import type { Claimed, Ending, Lock, Sayings, Transactions } from "./transactions.js";
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

/** What a job's run is called; who has the job's id later has another number. */
const nameOf = (number: number, epoch: number) => `${number}:${epoch}`;

/** How a body has ended: with one of them, or with neither, where it was handed over. */
interface Ended {
  readonly result?: unknown;
  /** The very value. */
  readonly thrown?: unknown;
}

interface Settled extends Ended {
  readonly run: Run;
  readonly outcome: number;
  /** Its time was over, or it was handed over, since: only what the body had begun went on then. */
  stands: boolean;
}

const tooLong = () => new DOMException("The job took too long", "TimeoutError");

export class Bodies implements RunHost {
  private readonly host: BodiesHost;
  private readonly runs = new Map<string, Run>();
  /** Of runs whose bodies have settled, until that is recorded. */
  private readonly endings = new Map<string, Settled>();
  /** What was claimed here, by the rules' number for it, for the runs to come. */
  readonly claimed = new Map<number, Claimed>();
  /**
   * What bodies of this tab have thrown last, in which run, and what its callers have given as reasons: the very objects,
   * by their job's incarnation.
   */
  private readonly thrown = new Map<number, { readonly epoch: number; readonly value: unknown }>();
  private readonly reasons = new Map<number, unknown>();

  constructor(host: BodiesHost) {
    this.host = host;
  }

  async settle(number: number, epoch: number, lock: Lock, outcome: [number, number]): Promise<void> {
    const name = nameOf(number, epoch);
    const answer = (what: number) =>
      this.host.apply(this.host.rules.recorded(now(), wallNow(), number, epoch, false, what));
    const ended = this.endings.get(name);
    const run = ended?.run ?? this.runs.get(name);
    if (run === undefined) {
      answer(ANSWER.refused);
      return;
    }
    try {
      const asked: [number, number] = ended?.stands ? [ended.outcome, Number.NaN] : outcome;
      const { written, seen, ending } = await this.record(run, lock, asked, ended ?? {});
      if (written && "thrown" in ending) this.thrown.set(run.job.incarnation, { epoch, value: ending.thrown });
      this.endings.delete(name);
      this.host.see(seen);
      answer(written ? ANSWER.written : ANSWER.refused);
    } catch {
      answer(ANSWER.failed);
    }
  }

  private async record(
    run: Run,
    lock: Lock,
    given: readonly [number, number],
    ended: Ended,
  ): Promise<Answered & { readonly ending: Ended }> {
    await run.mute();
    const { said } = run;
    const [outcome, ending] = endOf(run, given, ended);
    const settle = (how: Ending) => this.host.transactions.settle(run.job, run.epoch, lock, outcome, how, said);
    try {
      const { thrown } = ending;
      const answered = await ("thrown" in ending ? writeThrown(thrown, (error) => settle({ error })) : settle(ending));
      return { ...answered, ending };
    } catch (error) {
      if (!isUnstorable(error)) throw error;
      if ("state" in said) {
        // Which of them it is shows where that is written alone.
        if (!(await this.say(run, said))) throw error;
        run.said = {};
        return this.record(run, lock, given, ended);
      }
      if ("thrown" in ending) throw error;
      // Not even if it were tried for ever.
      return this.record(run, lock, FINAL, { thrown: notStorable("The result", error) });
    }
  }

  /** The very object that the job has ended with. */
  thrownOf({ incarnation, row }: StoredJob): { readonly value: unknown } | undefined {
    if (row[AT.status] === CANCELLED) {
      return this.reasons.has(incarnation) ? { value: this.reasons.get(incarnation) } : undefined;
    }
    const own = this.thrown.get(incarnation);
    return own?.epoch === row[AT.epoch] ? own : undefined;
  }

  /** Why the job was asked to stop here. */
  giveReason({ incarnation }: StoredJob, reason: unknown): void {
    if (reason === undefined) this.reasons.delete(incarnation);
    else this.reasons.set(incarnation, reason);
  }

  /** It is kept no longer, and whoever waited for its end was told. */
  forget({ incarnation }: StoredJob): void {
    this.thrown.delete(incarnation);
    this.reasons.delete(incarnation);
  }

  mark(number: number, epoch: number, slot: number): void {
    const job = this.host.mirror.of(number);
    if (job !== undefined) this.host.transactions.mark(job, epoch, slot);
  }

  async run(number: number, epoch: number): Promise<void> {
    const { rules, types } = this.host;
    const claimed = this.claimed.get(number);
    this.claimed.delete(number);
    if (claimed === undefined) return;
    const run = new Run(this, number, epoch, claimed);
    const { job } = run;
    const name = nameOf(number, epoch);
    this.runs.set(name, run);
    this.watchPage();
    const start = performance.now();
    const [outcome, ended] = await outcomeOf(job, async () => {
      const value = await types.get(job.type)(cloned(job.params), run.context);
      return storable(value, "The result");
    });
    this.endings.set(name, { ...ended, run, outcome, stands: false });
    await run.over();
    this.runs.delete(name);
    this.watchPage();
    if (this.host.trace) show(job, ended, start);
    this.host.apply(rules.settled(now(), wallNow(), number, epoch, outcome, Number.NaN));
    // Not to be recorded: it had been lost, or handed over.
    if (!this.isOwn(number, epoch)) this.endings.delete(name);
  }

  /** Only while something runs: Firefox puts no page away that listens to it. */
  private watchPage(): void {
    if (typeof document === "undefined") return;
    if (this.runs.size > 0) addEventListener("beforeunload", this.host.going);
    else removeEventListener("beforeunload", this.host.going);
  }

  private isOwn(number: number, epoch: number): boolean {
    const row = this.host.mirror.of(number)?.row;
    return row !== undefined && row[AT.status] === RUNNING && row[AT.epoch] === epoch;
  }

  /** The job may be gone: then it is lost, too. */
  abort(number: number, epoch: number, why: number): void {
    const name = nameOf(number, epoch);
    const run = this.runs.get(name);
    const settled = this.endings.get(name);
    // Lost: what came of it is nobody's.
    if (run === undefined || why === WHY.lost) this.endings.delete(name);
    if (run === undefined) return;
    if (settled !== undefined) {
      settled.stands = why === WHY.timeout || (why === WHY.handover && settled.outcome === OUTCOME.resolved);
    }
    if (why === WHY.stop) {
      run.abort(this.reasons.get(run.job.incarnation) ?? deserialize(this.host.mirror.of(number)?.reason));
    } else if (why === WHY.timeout) run.abort(tooLong());
    else if (why === WHY.handover) run.leave(new HandoverError("This tab lets go of the job"));
    else {
      run.isMute = true;
      run.leave(new LostOwnershipError("Another tab has this job: this one was silent for too long"));
    }
  }

  /** What they still write is refused, or goes to nobody. */
  abortAll(reason: unknown): void {
    for (const run of this.runs.values()) {
      run.isMute = true;
      run.leave(reason);
    }
  }

  async deliver(number: number, epoch: number, action: number): Promise<void> {
    const run = this.runs.get(nameOf(number, epoch));
    if (run === undefined) return;
    let given: unknown;
    try {
      given = await this.host.transactions.action(run.job.incarnation, action);
    } catch {
      // Acknowledged unheard it would be lost; unless the run has lost the job, or let go of it.
      if (!this.isOwn(number, epoch) || this.host.mirror.failure !== undefined) return;
      setTimer(() => this.deliver(number, epoch, action).catch(unexpected), 1000);
      return;
    }
    await run.deliver(given);
  }

  async acknowledge(number: number, epoch: number, action: number): Promise<void> {
    const run = this.runs.get(nameOf(number, epoch));
    // Whoever runs the job next is given it.
    if (run === undefined) return;
    const answer = (what: number) =>
      this.host.apply(this.host.rules.recorded(now(), wallNow(), number, epoch, true, what));
    try {
      const { written, seen } = await this.host.transactions.acknowledge(run.job, epoch, action);
      this.host.see(seen);
      answer(written ? ANSWER.written : ANSWER.refused);
    } catch {
      answer(ANSWER.failed);
    }
  }

  // ── what bodies say ─────────────────────────────────────────────────────────────────────────

  async say(run: Run, said: Sayings): Promise<boolean> {
    try {
      const { seen } = await this.host.transactions.say(run.job, run.epoch, said);
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

  log({ job: { id, incarnation } }: Run, message: string): void {
    const known = this.host.mirror.get(id);
    // Another has the id.
    if (known !== undefined && known.incarnation !== incarnation) return;
    this.host.log({ id, message, at: wallNow(), changed: known?.changed ?? incarnation });
  }

  async step(run: Run, name: string, step: StoredStep): Promise<boolean> {
    const { written, seen } = await this.host.transactions.step(run.job, run.epoch, name, step);
    if (!written) this.host.see(seen);
    return written;
  }

  goingUntil(run: Run): number {
    return this.host.rules.goingUntil(now(), run.number, run.epoch);
  }

  listening(run: Run): void {
    this.heard(run, false);
  }

  handled(run: Run): void {
    this.heard(run, true);
  }

  private heard(run: Run, handled: boolean): void {
    this.host.apply(this.host.rules.action(now(), wallNow(), run.number, run.epoch, handled));
  }
}

async function outcomeOf({ row }: StoredJob, body: () => Promise<unknown>): Promise<[number, Ended]> {
  try {
    return [OUTCOME.resolved, { result: await body() }];
  } catch (thrown) {
    // Its own retries have no rule: none can be recorded.
    const mayHelp = !isNotStorable(thrown) && mayRetry(undefined, thrown, row[AT.attempt]!);
    return [mayHelp ? OUTCOME.rejected : OUTCOME.final, { thrown }];
  }
}

/** What is recorded of it. */
function endOf(run: Run, outcome: readonly [number, number], ended: Ended): [readonly [number, number], Ended] {
  if (outcome[0] === OUTCOME.timedOut) return [outcome, { thrown: tooLong() }];
  // What a body rejects with when it is handed over is not its end.
  if (outcome[0] === OUTCOME.released) return [outcome, {}];
  return run.refused === undefined ? [outcome, ended] : [FINAL, { thrown: run.refused }];
}

function show({ id, type, row }: StoredJob, ended: Ended, start: number): void {
  const attempt = row[AT.attempt]!;
  const phase = { name: type, what: `attempt ${attempt}`, color: colorOf(attempt), start };
  if ("thrown" in ended) showPhase("SharedRunner", id, phase, "rejected", messageOf(ended.thrown));
  else showPhase("SharedRunner", id, phase, "resolved");
}
