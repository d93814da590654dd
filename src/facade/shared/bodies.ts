// The bodies that this tab runs: what is wanted of them, what they say, and what came of them.

import { colorOf, showPhase } from "../manager/trace.js";
import { cloned } from "../pool/clone.js";
import { deserialize, serialize } from "../pool/serialize.js";
import type { JobTypes } from "../runner/job-types.js";
import { messageOf } from "../support/look.js";
import { setTimer, wallNow } from "../support/time.js";
import { now } from "../wasm/clock.js";
import { unexpected } from "../wasm/engine.js";
import type { Log } from "./channel.js";
import { HandoverError, isUnstorable, LostOwnershipError, NotStorableError } from "./errors.js";
import type { Mirror } from "./mirror.js";
import { ANSWER, AT, OUTCOME, RUNNING, WHY } from "./numbers.js";
import type { Seen } from "./requests.js";
import type { StoredJob, StoredStep } from "./rows.js";
import { isFinal, Run, type RunHost, storable } from "./run.js";
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

interface Ended extends Ending {
  /** The very value. */
  readonly thrown?: unknown;
}

function tooLong(): Ended {
  const thrown = new DOMException("The job took too long", "TimeoutError");
  return { error: serialize(thrown), thrown };
}

function notStored(cause: unknown): Ended {
  const thrown = new NotStorableError("The result can't be stored", { cause });
  return { error: serialize(thrown), thrown };
}

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
    let ending = this.endingOf(name, outcome[0]);
    const answer = (what: number) =>
      this.host.apply(this.host.rules.recorded(now(), wallNow(), number, epoch, false, what));
    if (job === undefined) {
      answer(ANSWER.refused);
      return;
    }
    try {
      const { transactions } = this.host;
      const { written, seen } = await transactions.settle(job.id, epoch, lock, outcome, ending).catch((error) => {
        if (!isUnstorable(error) || !("result" in ending)) throw error;
        // Not even if it were tried for ever.
        ending = notStored(error);
        return transactions.settle(job.id, epoch, lock, [OUTCOME.final, Number.NaN], ending);
      });
      if (written && "thrown" in ending) this.thrown.set(job.id, { epoch, value: ending.thrown });
      this.endings.delete(name);
      this.host.see(seen);
      answer(written ? ANSWER.written : ANSWER.refused);
    } catch {
      answer(ANSWER.failed);
    }
  }

  private endingOf(name: string, outcome: number): Ended {
    if (outcome === OUTCOME.timedOut) return tooLong();
    // What a body rejects with when it is handed over is not its end.
    return outcome === OUTCOME.released ? {} : (this.endings.get(name) ?? {});
  }

  mark(number: number, epoch: number, slot: number): void {
    const job = this.host.mirror.of(number);
    if (job !== undefined) this.host.transactions.mark(job.id, epoch, slot);
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
    const [outcome, wait] = await this.outcomeOf(name, async () => {
      const value = await types.get(job.type)(cloned(job.params), run.context);
      return storable(value, "The result");
    });
    if (this.host.trace) this.show(job, epoch, start);
    await run.over();
    this.runs.delete(name);
    this.watchPage();
    this.host.apply(rules.settled(now(), wallNow(), number, epoch, outcome, wait));
    // Not to be recorded: it had been lost, or handed over.
    if (!this.isSettling(job.id, epoch)) this.endings.delete(name);
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

  private isSettling(id: string, epoch: number): boolean {
    const row = this.host.mirror.get(id)?.row;
    return row !== undefined && row[AT.status] === RUNNING && row[AT.epoch] === epoch;
  }

  private async outcomeOf(name: string, body: () => Promise<unknown>): Promise<[number, number]> {
    try {
      this.endings.set(name, { result: await body() });
      return [OUTCOME.resolved, Number.NaN];
    } catch (thrown) {
      this.endings.set(name, { error: serialize(thrown), thrown });
      return [isFinal(thrown) ? OUTCOME.final : OUTCOME.rejected, Number.NaN];
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
    else if (why === WHY.timeout) run.abort(tooLong().thrown);
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
      // Acknowledged unheard it would be lost.
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

  async say(run: Run, said: object): Promise<void> {
    try {
      const { seen } = await this.host.transactions.say(run.id, run.epoch, said);
      this.host.see(seen);
    } catch {
      // What is said next says it again; a state that can't be kept is not there after a take-over.
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
