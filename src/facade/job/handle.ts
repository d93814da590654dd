import { JobStopTimeoutError } from "../errors.js";
import { abortError } from "../support/abort.js";
import { defer } from "../support/defer.js";
import { textOf } from "../support/look.js";
import type {
  Completion,
  Continuations,
  Job,
  JobEvent,
  JobFactory,
  JobStatus,
  ManagedJob,
  Priority,
  Progress,
  Unsubscribe,
} from "../types.js";
import { now } from "../wasm/clock.js";
import { drain } from "../wasm/drain.js";
import { checkEngine, command, question, REFUSED } from "../wasm/engine.js";
import { CHANNEL } from "../wasm/listeners.js";
import { checkObject, needNumber, outOfBounds, priorityNumber } from "../wasm/options.js";
import { stamp, wallTime } from "../wasm/stamp.js";
import { keepValue } from "../wasm/values.js";
import { CAUSE, END, STATUS } from "../wasm/wire.js";
import { stateOf } from "./adopted.js";
import { asyncDispose, completionOf, endValueOf, readyAtOf, reasonOf, timeoutErrorOf } from "./completion.js";
import { continuationsOf } from "./continuations.js";
import { listenTo, tell } from "./listen.js";
import { type AnyBody, ColdData, type JobOwner, type Told, UNSETTLED } from "./record.js";
import { jobStream } from "./streams.js";
import { forgetWait, onWaitOver } from "./waits.js";

const NO_PROGRESS: Progress = Object.freeze({ percent: 0, message: "" });
const ENDED = Promise.resolve();

/**
 * A job as its watchers hold it. What is asked is answered by the engine while the job lives; what it leaves is here.
 * Few fields, since there may be many jobs; everything that only a watched job needs is in its cold data.
 */
export class JobHandle<Key, State, Action, Result> implements ManagedJob<Key, State, Action, Result> {
  readonly manager: JobOwner;
  readonly key: Key;
  readonly keyNumber: number;
  readonly serial: number;
  factory: JobFactory<State, Action, Result> | AnyBody | undefined;
  /** The engine's number for it; below zero once it is forgotten there. */
  slot: number;
  /** How it ended (wire.ts), 0 while it has not. */
  end = 0;
  attempt = 0;
  stopAsked = false;
  ownState: State;
  /** What the latest attempt has returned or thrown; once the job has ended, its result or why it failed. */
  outcome: unknown = UNSETTLED;
  stopReason: unknown = undefined;
  created: number;
  started = -1;
  finished = -1;
  priority: number;
  cold: ColdData | undefined = undefined;

  constructor(
    manager: JobOwner,
    key: Key,
    keyNumber: number,
    factory: JobFactory<State, Action, Result> | AnyBody,
    slot: number,
    serial: number,
    created: number,
    priority: number,
    state: State,
  ) {
    this.manager = manager;
    this.key = key;
    this.keyNumber = keyNumber;
    this.factory = factory;
    this.slot = slot;
    this.serial = serial;
    this.created = created;
    this.priority = priority;
    this.ownState = state;
  }

  coldData(): ColdData {
    return (this.cold ??= new ColdData());
  }

  // ── what can be seen ──────────────────────────────────────────────────────────────────────────

  get id(): string {
    return `job-${this.serial}`;
  }

  get hasEnded(): boolean {
    return this.end !== 0 || question().status(this.slot) >= END.normal;
  }

  get status(): JobStatus {
    return STATUS[this.end || question().status(this.slot)] ?? "pending";
  }

  get stopping(): boolean {
    return this.end === 0 && question().isStopping(this.slot) === 1;
  }

  get state(): State {
    const adopted = this.cold?.adopted;
    return adopted === undefined ? this.ownState : (stateOf(this, adopted) as State);
  }

  get progress(): Progress {
    return this.cold?.progress ?? NO_PROGRESS;
  }

  get createdAt(): number {
    return wallTime(this.created, this.created);
  }

  get startedAt(): number | undefined {
    return this.started < 0 ? undefined : wallTime(this.started, this.created);
  }

  get finishedAt(): number | undefined {
    // The engine is ahead of what has been told.
    if (this.end === 0 && this.hasEnded) this.coldData().finished ??= stamp();
    const finished = this.cold?.finished ?? this.finished;
    return finished < 0 ? undefined : wallTime(finished, this.created);
  }

  get readyAt(): number | undefined {
    return readyAtOf(this);
  }

  get lastError(): unknown {
    return this.hasEnded ? undefined : this.cold?.lastError;
  }

  get abandoned(): boolean {
    // The engine is ahead of what has been told.
    if (this.end === 0) return this.outcome === UNSETTLED && this.started >= 0 && this.hasEnded;
    return this.cold?.abandoned ?? false;
  }

  get completion(): Completion<Result> | undefined {
    return completionOf(this) as Completion<Result> | undefined;
  }

  get result(): Promise<Result> {
    const cold = this.coldData();
    if (cold.result === undefined) {
      cold.result = defer();
      if (this.end !== 0) this.settleResult();
    }
    return cold.result.promise as Promise<Result>;
  }

  get settled(): Promise<Completion<Result>> {
    const cold = this.coldData();
    if (cold.settled === undefined) {
      cold.settled = defer();
      if (this.end !== 0) cold.settled.resolve(completionOf(this)!);
    }
    return cold.settled.promise as Promise<Completion<Result>>;
  }

  get signal(): AbortSignal {
    const cold = this.coldData();
    if (cold.controller === undefined) {
      cold.controller = new AbortController();
      // What came first is the reason.
      if (cold.timedOut) cold.controller.abort(timeoutErrorOf(this));
      else if (this.stopAsked) cold.controller.abort(reasonOf(this));
    }
    return cold.controller.signal;
  }

  get continuations(): Continuations<this> {
    return (this.methods.continuations ??= continuationsOf(this)) as Continuations<this>;
  }

  // ── what can be done; bound when first read, so that it works detached ────────────────────────

  get dispatch(): Job<State, Action>["dispatch"] {
    return (this.methods.dispatch ??= (action: Action) => {
      const engine = command();
      const number = keepValue(action);
      const taken = engine.dispatch(this.slot, number);
      if (taken === 0) (this.coldData().mailbox ??= []).push(action);
      tell(number, taken > 0);
    }) as Job<State, Action>["dispatch"];
  }

  get onStateChange(): Job<State, Action>["onStateChange"] {
    return (this.methods.onStateChange ??= (listener) => listenTo(this, CHANNEL.state, listener));
  }

  get onProgress(): ManagedJob["onProgress"] {
    return (this.methods.onProgress ??= (listener) => listenTo(this, CHANNEL.progress, listener));
  }

  get onStopped(): Job["onStopped"] {
    return (this.methods.onStopped ??= (listener) => listenTo(this, CHANNEL.stopped, listener));
  }

  get setPriority(): ManagedJob["setPriority"] {
    return (this.methods.setPriority ??= (priority: Priority) => {
      const level = priorityNumber(priority);
      const answer = command().setPriority(this.slot, level, this.manager.moment());
      if (answer === REFUSED.bounds) throw outOfBounds({ priority });
      if (answer === 0) this.priority = level;
      drain();
    });
  }

  get stop(): ManagedJob["stop"] {
    // Not kept: who stops many calls it once for each, and most of them have no cold data.
    return (reason, options) => {
      checkObject("options", options);
      const timeout = options?.timeout;
      if (timeout !== undefined) return this.stopWithin(reason, needNumber("timeout", timeout));
      this.askToStop(reason);
      return this.barrier;
    };
  }

  get events(): () => ReadableStream<JobEvent> {
    return (this.methods.events ??= () => jobStream(this));
  }

  get [asyncDispose](): () => Promise<void> {
    return this.stop;
  }

  private get methods(): NonNullable<ColdData["methods"]> {
    return (this.coldData().methods ??= {});
  }

  // ── for the rest of the facade ────────────────────────────────────────────────────────────────

  /** The job's own events, told in their place; what `events` gives is read later. */
  onEvent(listener: (told: Told) => void): Unsubscribe {
    return listenTo(this, CHANNEL.event, listener);
  }

  /** Opens when the job has ended. */
  get barrier(): Promise<void> {
    if (this.end !== 0) return this.cold?.barrier?.promise ?? ENDED;
    const cold = this.coldData();
    cold.barrier ??= defer();
    return cold.barrier.promise;
  }

  askToStop(reason: unknown): void {
    checkEngine();
    if (this.end !== 0) return;
    if (command().stop(this.slot, this.manager.moment()) === 0) this.noteStop(reason);
    drain();
  }

  /** The first reason counts. `cause`: as the engine names it; a newer job that takes its place gives no reason. */
  noteStop(reason: unknown, cause: number = CAUSE.stop): void {
    if (this.stopAsked || cause === CAUSE.none || cause === CAUSE.timeout) return;
    this.stopAsked = true;
    this.stopReason = cause === CAUSE.replaced ? abortError("Replaced by a newer job under the same key") : reason;
  }

  private stopWithin(reason: unknown, timeout: number): Promise<void> {
    const waiter = command().awaitStop(this.slot, timeout, now());
    if (waiter === REFUSED.bounds) throw outOfBounds({ timeout });
    if (waiter < 0) return this.barrier;
    const { promise, resolve, reject } = defer<void>();
    // Whoever does not wait for the answer is not to be blamed for it.
    promise.catch(() => {});
    const expire = () =>
      reject(
        new JobStopTimeoutError(`Job "${this.name}" has not ended ${timeout} ms after stop, and is still stopping`),
      );
    onWaitOver(waiter, expire);
    this.askToStop(reason);
    this.barrier.then(() => {
      forgetWait(waiter, expire);
      resolve();
    }, reject);
    return promise;
  }

  get name(): string {
    // A job under no key is named by its id.
    return this.cold?.name ?? (this.key === undefined ? this.id : textOf(this.key));
  }

  setState(state: State, attempt: number): void {
    const engine = command();
    const number = keepValue(state);
    const told = engine.setState(this.slot, attempt, number);
    if (told >= 0) this.ownState = state;
    tell(number, told > 0);
  }

  /** The running attempt's signal: the job's own, unless a retry may follow it. */
  attemptSignal(): AbortSignal {
    const { cold } = this;
    if (!cold?.retries) return this.signal;
    if (cold.attemptController === undefined) {
      cold.attemptController = new AbortController();
      if (cold.timeoutError) cold.attemptController.abort(cold.timeoutError);
      else if (this.stopAsked) cold.attemptController.abort(reasonOf(this));
    }
    return cold.attemptController.signal;
  }

  settleResult(): void {
    const result = this.cold?.result;
    if (this.end === END.normal) result?.resolve(this.outcome);
    else result?.reject(endValueOf(this));
  }
}
