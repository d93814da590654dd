import type { Bound } from "../support/async-context.js";
import type { Deferred } from "../support/defer.js";
import type {
  Completion,
  Job,
  JobContext,
  JobEvent,
  JobFactory,
  JobRecord,
  ManagedJob,
  Progress,
  RetryOptions,
  Unsubscribe,
} from "../types.js";
import type { ListenerTable } from "../wasm/listeners.js";
import type { DelayOf } from "../wasm/options.js";

// biome-ignore lint/suspicious/noExplicitAny: internals hold jobs of every type.
export type AnyManagedJob = ManagedJob<any, any, any, any>;
// biome-ignore lint/suspicious/noExplicitAny: as above.
export type AdoptedJob = Job<any, any>;
// biome-ignore lint/suspicious/noExplicitAny: as above.
export type AnyContext = JobContext<any, any>;
// biome-ignore lint/suspicious/noExplicitAny: as above.
export type AnyFactory = JobFactory<any, any, any>;
/** What a factory is made into where more belongs to its calls. */
export interface AnyBody extends Bound<AnyContext, unknown> {
  /** Told when the job has ended and its promises are settled. */
  ended?(job: AnyJob): void;
}
export type Continuation = (job: AnyJob, completion: Completion) => void | Promise<void>;

/** What an attempt whose body has not settled has come to. */
export const UNSETTLED = {};

type Mutable<T> = { -readonly [K in keyof T]?: T[K] };

/** What a job holds only if someone looks: most jobs have none of it, and those that have it little of it. */
export class ColdData {
  listeners: ListenerTable | undefined = undefined;
  /** By name: those that wait for its end. */
  continuations: Map<string, { callback: Continuation; leave: Unsubscribe }> | undefined = undefined;
  progress: Progress | undefined = undefined;
  completion: Completion | undefined = undefined;
  result: Deferred<unknown> | undefined = undefined;
  settled: Deferred<Completion> | undefined = undefined;
  barrier: Deferred<void> | undefined = undefined;
  /** The job's own signal, and that of the attempt where retries make it another. */
  controller: AbortController | undefined = undefined;
  attemptController: AbortController | undefined = undefined;
  timeoutError: DOMException | undefined = undefined;
  /** To be told when the attempt is to end. */
  aborts: Set<() => void> | undefined = undefined;
  /** And no attempt follows: the job's own signal has aborted with it. */
  timedOut = false;
  /** Unhooks from the caller's signal. */
  unhook: Unsubscribe | undefined = undefined;
  name: string | undefined = undefined;
  timeout: number | undefined = undefined;
  retries = false;
  retryIf: RetryOptions["retryIf"] = undefined;
  delayOf: DelayOf = undefined;
  lastError: unknown = undefined;
  /** Until when it waits: by the engine's clock, and in epoch ms. */
  readyTick: number | undefined = undefined;
  readyAt: number | undefined = undefined;
  /** Break off what its body sleeps. */
  sleeps: Set<(reason: unknown) => void> | undefined = undefined;
  /** It has ended and its body has not settled. */
  abandoned = false;
  /** When it was seen to have ended, before that was told. */
  finished: number | undefined = undefined;
  /** Actions that wait for the first listener. */
  mailbox: unknown[] | undefined = undefined;
  /** Listeners for actions; they go with their attempt. */
  actionListeners: ListenerTable | undefined = undefined;
  /** The job that the factory returned, if it returned one. */
  adopted: AdoptedJob | undefined = undefined;
  /** Takes our listener off that one. */
  leaveAdopted: unknown = undefined;
  /** Break off the streams of its events. */
  streams: Set<(error: unknown) => void> | undefined = undefined;
  methods: Mutable<AnyManagedJob> | undefined = undefined;
}

/** What is known of a job. Everything in this folder works on it; `handle.ts` is what fills it and what users hold. */
export interface AnyJob extends Omit<AnyManagedJob, "attempt" | "priority"> {
  readonly manager: JobOwner;
  readonly keyNumber: number;
  /** Higher for later jobs of its manager. */
  readonly serial: number;
  factory: AnyFactory | AnyBody | undefined;
  /** The engine's number for it; below zero once it is forgotten there. */
  slot: number;
  /** How it ended (wire.ts), 0 while it has not. */
  end: number;
  attempt: number;
  stopAsked: boolean;
  ownState: unknown;
  /** What the latest attempt has returned or thrown; once the job has ended, its result or why it failed. */
  outcome: unknown;
  stopReason: unknown;
  readonly created: number;
  started: number;
  finished: number;
  priority: number;
  readonly cold: ColdData | undefined;
  readonly hasEnded: boolean;
  readonly name: string;
  /** Opens when the job has ended. */
  readonly barrier: Promise<void>;
  coldData(): ColdData;
  /** The job's own events, told in their place; what `events` gives is read later. */
  onEvent(listener: (told: Told) => void): Unsubscribe;
  askToStop(reason: unknown): void;
  /** The first reason counts. `cause`: as the engine names it. */
  noteStop(reason: unknown, cause?: number): void;
  setState(state: unknown, attempt: number): void;
  /** The running attempt's signal: the job's own, unless a retry may follow it. */
  attemptSignal(): AbortSignal;
  settleResult(): void;
}

/** An event as it is told inside: by then another job may have the id. */
export interface Told {
  readonly event: JobEvent;
  /** Whose it is; undefined: the manager's. */
  readonly job?: AnyJob;
}

/** What a job needs of its manager. */
export interface JobOwner {
  readonly entry: {
    /** What records show beside what every job's do; its jobs go by their keys. */
    describe?(job: AnyJob): Partial<JobRecord>;
  };
  /** Calls the bodies, where they are traced. */
  readonly tracer: { call(job: AnyJob, context: AnyContext): unknown } | undefined;
  /** The engine is told when bodies were called, or they are remembered for a limit that may be set later. */
  readonly pace: { readonly isCounted: boolean; note(stamp: number): void };
  readonly roster: { retain(job: AnyJob, isKeyed: boolean): void };
  readonly keys: { leave(job: AnyJob): void; isKeyed(job: AnyJob): boolean };
  readonly ends: { tell(job: AnyJob, hasFailed: boolean): void };
  /** The engine's clock, read only for managers to whose jobs time ever meant something. */
  moment(): number;
  /** The engine knows it no more; whoever holds the job can still read it. */
  letGo(slot: number, job: AnyJob): void;
}
