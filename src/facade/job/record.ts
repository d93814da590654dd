import type { Completion, JobContext, ManagedJob, Progress, RetryOptions, Unsubscribe } from "../types.js";
import type { ListenerTable } from "../wasm/listeners.js";
import type { DelayOf } from "../wasm/options.js";
import type { AdoptedJob } from "./adopted.js";
import type { JobHandle } from "./handle.js";

export interface Deferred<T> {
  readonly promise: Promise<T>;
  resolve(value: T): void;
  reject(error: unknown): void;
}

export function defer<T>(): Deferred<T> {
  let resolve!: (value: T) => void;
  let reject!: (error: unknown) => void;
  const promise = new Promise<T>((res, rej) => {
    resolve = res;
    reject = rej;
  });
  return { promise, resolve, reject };
}

// biome-ignore lint/suspicious/noExplicitAny: internals hold jobs of every type.
export type AnyJob = JobHandle<any, any, any, any>;
// biome-ignore lint/suspicious/noExplicitAny: as above.
export type AnyManagedJob = ManagedJob<any, any, any, any>;
// biome-ignore lint/suspicious/noExplicitAny: as above.
export type AnyContext = JobContext<any, any>;
export type Continuation = (job: AnyJob, completion: Completion) => void | Promise<void>;

type Mutable<T> = { -readonly [K in keyof T]?: T[K] };

/** What a job holds only if someone looks: most jobs have none of it, and those that have it little of it. */
export class Extras {
  listeners: ListenerTable | undefined = undefined;
  continuations: Map<string, Continuation> | undefined = undefined;
  progress: Progress | undefined = undefined;
  completion: Completion | undefined = undefined;
  result: Deferred<unknown> | undefined = undefined;
  settled: Deferred<Completion> | undefined = undefined;
  barrier: Deferred<void> | undefined = undefined;
  /** The job's own signal, and that of the attempt where retries make it another. */
  controller: AbortController | undefined = undefined;
  attemptController: AbortController | undefined = undefined;
  timeoutError: DOMException | undefined = undefined;
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
  /** Break off what its body sleeps, by the engine's numbers. */
  sleeps: Map<number, (reason: unknown) => void> | undefined = undefined;
  /** It has ended and its body has not settled. */
  abandoned = false;
  /** Actions that wait for the first listener. */
  mailbox: unknown[] | undefined = undefined;
  /** Listeners for actions; they go with their attempt. */
  actionListeners: ListenerTable | undefined = undefined;
  /** The job that the factory returned, if it returned one. */
  adopted: AdoptedJob | undefined = undefined;
  /** Break off the streams of its events. */
  streams: Set<(error: unknown) => void> | undefined = undefined;
  methods: Mutable<AnyManagedJob> | undefined = undefined;
}
