// One run of a job's body in this tab.

import { report } from "../errors.js";
import { abortError } from "../support/abort.js";
import { checkObject, checkString, needFunction, needNumber, wrongType } from "../support/check.js";
import { cloned } from "../support/clone.js";
import { tagOf, textOf } from "../support/look.js";
import { fieldsOf, mayRetry, waitAsked } from "../support/retry-rules.js";
import { chance, wallNow } from "../support/time.js";
import { Hold } from "../support/turn.js";
import { isWellFormed } from "../support/well-formed.js";
import type { Millis, RetryOptions, Unsubscribe } from "../types.js";
import { Alarm } from "../wasm/alarm.js";
import { now } from "../wasm/clock.js";
import { unexpected } from "../wasm/engine.js";
import {
  DuplicateStepError,
  isNotStorable,
  isUnstorable,
  LostOwnershipError,
  notStorable,
  storageError,
} from "./errors.js";
import { newRow } from "./new-row.js";
import { AT, OUTCOME, PENDING, RUNNING } from "./numbers.js";
import type { StoredJob, StoredStep } from "./rows.js";
import type { Claimed, Sayings } from "./transactions.js";
import type { SharedTaskContext } from "./types.js";
import { Rules, requestRules } from "./wasm.js";

/** What changes more often than this is recorded together. */
const RECORDS_EVERY = 50;
/** What the store has not taken is tried again after that. */
const RECORDS_AGAIN = 1000;

/** What a run asks of the queue. */
export interface RunHost {
  /** False: the store does not take it now. */
  say(run: Run, said: Sayings): Promise<boolean>;
  log(run: Run, message: string): void;
  /** False: the run has lost the job. */
  step(run: Run, name: string, step: StoredStep): Promise<boolean>;
  /** While the page goes: until when what a step rejects with is no failure of its own; else 0. */
  goingUntil(run: Run): number;
  listening(run: Run): void;
  handled(run: Run): void;
}

type Listener = (action: unknown) => unknown;

export class Run {
  /** The rules' for the job. */
  readonly number: number;
  readonly epoch: number;
  readonly job: StoredJob;
  private readonly idempotencyKey: string;
  private readonly host: RunHost;
  private readonly steps: Map<string, StoredStep>;
  private readonly controller = new AbortController();
  /** Of its steps: they are to end with the body, too. */
  private readonly work = new AbortController();
  /** Steps that have begun, and listeners that have been called. */
  private readonly live = new Set<Promise<unknown>>();
  private letGo = (): void => {};
  private readonly isLeft = new Promise<void>((resolve) => {
    this.letGo = resolve;
  });
  private readonly used = new Set<string>();
  private readonly listeners: Listener[] = [];
  /** Came while nobody listened. */
  private kept: { readonly action: unknown } | undefined = undefined;
  private state: unknown;
  /** Not recorded yet. */
  said: Sayings = {};
  private readonly alarm = new Alarm();
  private recording: Promise<unknown> | undefined = undefined;
  private readonly hold = new Hold();
  /** Ends what waits for a moment. */
  private readonly pauses = new Set<(reason: unknown) => void>();
  isOver = false;
  /** What it says is recorded no more: it has lost the job, or that is recorded with its end. */
  isMute = false;
  /** Why nothing else counts that came of it. */
  refused: Error | undefined = undefined;

  constructor(host: RunHost, number: number, epoch: number, { store, job, steps }: Claimed) {
    this.host = host;
    this.number = number;
    this.epoch = epoch;
    this.job = job;
    // For headers and addresses, to which other users' browsers send theirs: no text of the app's is in it as it is.
    this.idempotencyKey = `${store}:${job.incarnation}`;
    this.steps = steps;
    // What others are shown is theirs.
    this.state = cloned(job.state);
  }

  abort(reason: unknown): void {
    this.controller.abort(reason);
    this.endWork(this.controller.signal.reason);
  }

  private endWork(reason: unknown): void {
    this.work.abort(reason);
    for (const end of [...this.pauses]) end(reason);
  }

  /** Why nothing is begun any more: of two reasons the one that its body was given. */
  private get halt(): AbortSignal {
    return (this.controller.signal.aborted ? this.controller : this.work).signal;
  }

  /** Others have the job now, or may: nobody waits for what it has begun. */
  leave(reason: unknown): void {
    this.abort(reason);
    this.letGo();
  }

  /** What it has said can't be kept: it fails, whatever it does from now on. */
  refuse(error: Error): void {
    this.refused ??= error;
    this.abort(error);
  }

  /**
   * The body has settled: what it still says is not heard, and what it still waits for does not come. Resolves when what
   * it has begun has ended, too: the next attempt would begin that beside it.
   */
  async over(): Promise<void> {
    this.isOver = true;
    this.endWork(abortError("The body has ended"));
    await Promise.race([this.isLeft, Promise.allSettled(this.live)]);
  }

  private async following<T>(begun: Promise<T>): Promise<T> {
    this.live.add(begun);
    try {
      return await begun;
    } finally {
      this.live.delete(begun);
    }
  }

  /** What it has said is recorded with its end, but for what is just being recorded; resolves with that. */
  async mute(): Promise<void> {
    this.isMute = true;
    this.alarm.clear();
    await this.recording;
  }

  /** Hands the action to whoever listens, as soon as somebody does; then the queue is told. */
  async deliver(action: unknown): Promise<void> {
    // Whoever runs the job next is given it.
    if (this.isOver) return;
    if (this.listeners.length === 0) {
      this.kept = { action };
      return;
    }
    await this.following(this.tell(action));
  }

  private async tell(action: unknown): Promise<void> {
    // One that leaves meanwhile is not called, and those after it are.
    const heard = [...this.listeners].map(async (listener) => this.listeners.includes(listener) && listener(action));
    for (const { status, ...how } of await Promise.allSettled(heard)) {
      if (status === "rejected") report((how as PromiseRejectedResult).reason);
    }
    this.host.handled(this);
  }

  get context(): SharedTaskContext<unknown, unknown> {
    const run = this;
    const { job, idempotencyKey } = this;
    return {
      id: job.id,
      key: job.key,
      attempt: job.row[AT.attempt]!,
      epoch: this.epoch,
      idempotencyKey,
      signal: this.controller.signal,
      get state() {
        return run.state;
      },
      setState: (next) => {
        if (this.isOver) return;
        const state = typeof next === "function" ? (next as (previous: unknown) => unknown)(this.state) : next;
        this.say({ state: storable(state, "The state") });
        this.state = state;
      },
      progress: (percent, message = "") => {
        needNumber("percent", percent);
        if (!Number.isFinite(percent)) throw new RangeError(`percent must be a finite number, got ${percent}`);
        if (this.isOver) return;
        this.say({ progress: { percent: Math.min(Math.max(percent, 0), 100), message: textOf(message) } });
      },
      log: (message) => {
        if (!this.isOver) this.host.log(this, textOf(message));
      },
      checkpoint: async () => {
        if (this.hold.isLong) await this.hold.takeTurn();
        this.controller.signal.throwIfAborted();
      },
      onAction: (listener) => this.onAction(listener as Listener),
      step: (name, body, options) => this.following(this.step(name, body, options)),
      sleep: (name, time) => this.following(this.sleep(name, time)),
    };
  }

  // ── what it says ────────────────────────────────────────────────────────────────────────────

  private say(said: Sayings): void {
    const isFirst = Object.keys(this.said).length === 0;
    this.said = { ...this.said, ...said };
    if (isFirst) this.recordAfter(RECORDS_EVERY);
  }

  private recordAfter(wait: Millis): void {
    this.alarm.set(now() + wait, () => void this.record());
  }

  private async record(): Promise<void> {
    await this.recording;
    const { said } = this;
    if (this.isMute || Object.keys(said).length === 0) return;
    this.said = {};
    const recording = this.host.say(this, said);
    this.recording = recording;
    if (await recording) return;
    this.said = { ...said, ...this.said };
    if (!this.isMute) this.recordAfter(RECORDS_AGAIN);
  }

  private onAction(listener: Listener): Unsubscribe {
    needFunction("listener", listener);
    const own: Listener = (action) => listener(action);
    this.listeners.push(own);
    if (this.listeners.length === 1) this.host.listening(this);
    // Not before the listener can be taken away.
    queueMicrotask(() => this.deliverKept());
    return () => {
      const at = this.listeners.indexOf(own);
      if (at >= 0) this.listeners.splice(at, 1);
    };
  }

  private deliverKept(): void {
    const { kept } = this;
    this.kept = undefined;
    if (kept !== undefined) this.deliver(kept.action).catch(unexpected);
  }

  // ── steps ───────────────────────────────────────────────────────────────────────────────────

  private begin(name: string): StoredStep | undefined {
    checkString("name", name);
    if (typeof name !== "string" || name === "") throw new TypeError("name must be a string with something in it");
    if (!isWellFormed(name)) throw new RangeError("name must have no half of a surrogate pair in it");
    if (this.used.has(name)) throw new DuplicateStepError(`This run has had a step "${name}" before`);
    this.halt.throwIfAborted();
    this.used.add(name);
    return this.steps.get(name);
  }

  private async keep(name: string, step: StoredStep): Promise<void> {
    const isOwned = await this.host.step(this, name, step).catch((error: unknown) => {
      this.halt.throwIfAborted();
      throw isUnstorable(error) ? notStorable(resultOf(name), error) : storageError(error, false);
    });
    if (isOwned) return;
    this.leave(new LostOwnershipError("Another tab has this job"));
    throw this.controller.signal.reason;
  }

  private async step<T>(
    name: string,
    body: (step: { readonly signal: AbortSignal; readonly idempotencyKey: string }) => Promise<T> | T,
    options: { retry?: number | RetryOptions; timeout?: Millis } = {},
  ): Promise<T> {
    needFunction("body", body);
    checkObject("options", options);
    const { timeout } = options;
    const retry = fieldsOf(options.retry);
    let row = [...newRow(requestRules, 1, { retry, timeout }, true)];
    const { retryIf, delay }: Partial<RetryOptions> = typeof retry === "object" ? retry : {};
    const known = this.begin(name);
    if (known !== undefined) return cloned(known.value) as T;
    for (let attempt = 1; ; ) {
      try {
        const value = await this.attempt(body, `${this.idempotencyKey}:${encodeURIComponent(name)}`, timeout);
        await this.keep(name, { value: storable(value, resultOf(name)) });
        return value;
      } catch (error) {
        this.halt.throwIfAborted();
        const isFinal = () => isNotStorable(error) || !mayRetry(retryIf, error, attempt);
        const heldUntil = this.host.goingUntil(this);
        if (heldUntil > 0) {
          if (isFinal()) throw error;
          await this.pause(heldUntil - now());
          continue;
        }
        row[AT.status] = RUNNING;
        const settled = (wait: number) =>
          Array.from(Rules.settle(Float64Array.from(row), 0, OUTCOME.rejected, wait, wallNow(), chance()));
        const next = settled(Number.NaN);
        const isLast = next[AT.status] !== PENDING;
        if (isLast || isFinal()) throw error;
        row = typeof delay === "function" ? settled(waitAsked(delay, error, attempt)) : next;
        await this.pause(row[AT.wait]!);
        attempt += 1;
      }
    }
  }

  private async attempt<T>(
    body: (step: { readonly signal: AbortSignal; readonly idempotencyKey: string }) => Promise<T> | T,
    idempotencyKey: string,
    timeout: Millis = Infinity,
  ): Promise<T> {
    const { signal } = this.work;
    if (timeout === Infinity) return body({ signal, idempotencyKey });
    const own = new AbortController();
    const follow = () => own.abort(signal.reason);
    signal.addEventListener("abort", follow, { once: true });
    const alarm = new Alarm();
    let isLate = false;
    alarm.set(now() + timeout, () => {
      isLate = true;
      own.abort(new DOMException("The step took too long", "TimeoutError"));
    });
    try {
      const value = await body({ signal: own.signal, idempotencyKey });
      if (isLate) throw own.signal.reason;
      return value;
    } finally {
      alarm.clear();
      signal.removeEventListener("abort", follow);
    }
  }

  private async sleep(name: string, time: Millis | Date): Promise<void> {
    if (typeof time !== "number" && tagOf(time) !== "[object Date]") {
      throw wrongType("time", "a number of milliseconds or a Date", time);
    }
    const millis = typeof time === "number" ? time : Number(time) - wallNow();
    if (!(millis >= 0 || millis < 0) || millis === Infinity) {
      throw new RangeError("time must be a finite number of milliseconds, or a Date");
    }
    const known = this.begin(name);
    let { until, whole } = known ?? {};
    if (until === undefined || whole === undefined) {
      whole = Math.max(millis, 0);
      until = wallNow() + whole;
      await this.keep(name, { until, whole });
    }
    await this.pause(Rules.remaining(until, whole, wallNow()));
  }

  private pause(millis: Millis): Promise<void> {
    const signal = this.halt;
    return new Promise((resolve, reject) => {
      if (signal.aborted) {
        reject(signal.reason);
        return;
      }
      const alarm = new Alarm();
      const end = (reason: unknown) => {
        alarm.clear();
        this.pauses.delete(end);
        reject(reason);
      };
      this.pauses.add(end);
      alarm.set(now() + millis, () => {
        this.pauses.delete(end);
        resolve();
      });
    });
  }
}

const resultOf = (step: string) => `The result of the step "${step}"`;

/** A copy, as the store would have it. */
export function storable<T>(value: T, what: string): T {
  try {
    return cloned(value);
  } catch (error) {
    throw notStorable(what, error);
  }
}

export function isStorable(value: unknown): boolean {
  try {
    cloned(value);
    return true;
  } catch {
    return false;
  }
}
