// Every name of the main entry, with the type that it is promised to have.
import type {
  Completion,
  CompletionType,
  Continuations,
  Gate,
  gate,
  Job,
  JobContext,
  JobEvent,
  JobFactory,
  JobManager,
  JobManagerOptions,
  JobStatus,
  ManagedJob,
  ManagerStats,
  Millis,
  Priority,
  Progress,
  RunJobResult,
  RunOptions,
  Subject,
  subject,
  Unsubscribe,
} from "jobgate";
import type { Fits, Is, IsNot, Same } from "./expect.js";

type S = { page: number };
type A = { type: "pause" } | { type: "resume" };
type R = Map<string, number>;
type K = { id: number };

export type Primitives = [
  Is<Same<Millis, number>>,
  Is<Same<Unsubscribe, () => void>>,
  Is<Same<typeof subject, <T>() => Subject<T>>>,
  Is<Same<Subject<S>["next"], (value: S) => void>>,
  Is<Same<Subject<S>["listen"], (listener: (value: S) => void) => Unsubscribe>>,
  Is<Same<Pick<Subject<S>, "listenerCount">, { readonly listenerCount: number }>>,
  Is<Same<keyof Subject<S>, "next" | "listen" | "listenerCount">>,
  Is<Same<typeof gate, () => Gate>>,
  Is<Same<Pick<Gate, "isOpen">, { readonly isOpen: boolean }>>,
  Is<Same<Gate["open"], () => void>>,
  Is<Same<Gate["listen"], (listener: () => void) => Unsubscribe>>,
  Is<Same<Gate["wait"], (options?: { signal?: AbortSignal }) => Promise<void>>>,
  Is<Same<keyof Gate, "isOpen" | "open" | "listen" | "wait">>,
];

export type Words = [
  Is<Same<JobStatus, "pending" | "running" | "completed" | "failed" | "cancelled">>,
  Is<Same<CompletionType, "Normal" | "Cancelled" | "Failed">>,
  Is<Same<Completion<R>["type"], CompletionType>>,
  Is<Same<Extract<Completion<R>, { type: "Normal" }>["result"], R>>,
  Is<Same<Extract<Completion<R>, { type: "Cancelled" }>["reason"], unknown>>,
  Is<Same<Extract<Completion<R>, { type: "Failed" }>["error"], unknown>>,
  Is<Same<Completion, Completion<unknown>>>,
  Is<Same<Priority, number | "user-blocking" | "user-visible" | "background">>,
  Is<Same<Progress, { readonly percent: number; readonly message: string }>>,
];

export type Jobs = [
  Is<Same<Job, Job<unknown, never>>>,
  Is<Same<keyof Job, "state" | "dispatch" | "onStateChange" | "stop" | "onStopped">>,
  Is<Same<Job<S, A>["state"], S>>,
  Is<Same<Job<S, A>["dispatch"], (action: A) => void>>,
  Is<Same<Job<S, A>["onStateChange"], (listener: (state: S) => void) => Unsubscribe>>,
  Is<Same<Job<S, A>["stop"], (reason?: unknown) => Promise<void>>>,
  Is<Same<Job<S, A>["onStopped"], (listener: () => void) => Unsubscribe>>,
  Is<
    Same<
      keyof JobContext,
      "id" | "attempt" | "signal" | "state" | "setState" | "progress" | "onAction" | "log" | "checkpoint" | "sleep"
    >
  >,
  Is<Same<JobContext["id"], string>>,
  Is<Same<JobContext["attempt"], number>>,
  Is<Same<JobContext["signal"], AbortSignal>>,
  Is<Same<JobContext<S, A>["state"], S>>,
  Is<Same<JobContext<S, A>["setState"], (next: S | ((previous: S) => S)) => void>>,
  Is<Same<JobContext["progress"], (percent: number, message?: string) => void>>,
  Is<Same<JobContext<S, A>["onAction"], (listener: (action: A) => void) => Unsubscribe>>,
  Is<Same<JobContext["log"], (message: string) => void>>,
  Is<Same<JobContext["checkpoint"], () => Promise<void>>>,
  Is<Same<JobContext["sleep"], (time: Millis) => Promise<void>>>,
  Is<
    Same<
      Continuations<J>["addOrRunNow"],
      (key: string, callback: (job: J, completion: Completion) => void | Promise<void>) => void
    >
  >,
  Is<Same<Continuations<J>["remove"], (key: string) => boolean>>,
  Is<Same<Continuations<J>["size"], number>>,
  Is<Same<JobFactory<S, A, R>, (context: JobContext<S, A>) => Job<S, A> | Promise<R> | R>>,
];

type J = ManagedJob<K, S, A, R>;

export type ManagedJobs = [
  Is<Same<ManagedJob, ManagedJob<string, unknown, never, unknown>>>,
  Is<Fits<J, Job<S, A>>>,
  Is<Same<J["id"], string>>,
  Is<Same<J["key"], K>>,
  Is<Same<J["status"], JobStatus>>,
  Is<Same<J["stopping"], boolean>>,
  Is<Same<J["progress"], Progress>>,
  Is<Same<J["attempt"], number>>,
  Is<Same<J["priority"], number>>,
  Is<Same<J["createdAt"], number>>,
  Is<Same<J["startedAt"], number | undefined>>,
  Is<Same<J["finishedAt"], number | undefined>>,
  Is<Same<J["readyAt"], number | undefined>>,
  Is<Same<J["lastError"], unknown>>,
  Is<Same<J["abandoned"], boolean>>,
  Is<Same<J["completion"], Completion<R> | undefined>>,
  Is<Same<J["result"], Promise<R>>>,
  Is<Same<J["settled"], Promise<Completion<R>>>>,
  Is<Same<J["signal"], AbortSignal>>,
  Is<Fits<J["continuations"], Continuations<J>>>,
  Is<Same<J["onProgress"], (listener: (progress: Progress) => void) => Unsubscribe>>,
  Is<Same<J["setPriority"], (priority: Priority) => void>>,
  Is<Same<J["stop"], (reason?: unknown, options?: { timeout?: Millis }) => Promise<void>>>,
  Is<Same<J["events"], () => ReadableStream<JobEvent>>>,
  Is<Same<J[typeof Symbol.asyncDispose], () => Promise<void>>>,
];

type M = JobManager<K, S, A, R>;

/** No member more: what has these can stand for the real one, as a test's double does. */
type JobMembers =
  | keyof Job
  | "id"
  | "key"
  | "status"
  | "stopping"
  | "progress"
  | "attempt"
  | "priority"
  | "createdAt"
  | "startedAt"
  | "finishedAt"
  | "readyAt"
  | "lastError"
  | "abandoned"
  | "completion"
  | "result"
  | "settled"
  | "signal"
  | "continuations"
  | "onProgress"
  | "setPriority"
  | "events"
  | typeof Symbol.asyncDispose;
type ManagerMembers =
  | "runJob"
  | "add"
  | "map"
  | "getRunningJob"
  | "getLastJob"
  | "forget"
  | "getJob"
  | "jobs"
  | "stopJob"
  | "stopAll"
  | "stopPending"
  | "pause"
  | "resume"
  | "isPaused"
  | "concurrency"
  | "rateLimit"
  | "rateLimitedUntil"
  | "onEmpty"
  | "onPendingBelow"
  | "onIdle"
  | "stats"
  | "subscribe"
  | "getSnapshot"
  | "onKeyChange"
  | "onJobEnded"
  | "events"
  | "close"
  | typeof Symbol.asyncDispose;

export type Managers = [
  Is<Same<keyof J, JobMembers>>,
  Is<Same<keyof M, ManagerMembers>>,
  Is<Same<JobManager, JobManager<string, unknown, never, unknown>>>,
  Is<Same<ConstructorParameters<typeof JobManager>, [options?: JobManagerOptions]>>,
  Is<Same<RunJobResult<J>["type"], "JOB_CREATED" | "JOB_ALREADY_RUNNING">>,
  Is<Same<RunJobResult<J>["job"], J>>,
  Is<
    Same<
      M["runJob"],
      <T extends R = R>(
        key: K,
        factory: JobFactory<S, A, T>,
        options?: RunOptions<S>,
      ) => RunJobResult<ManagedJob<K, S, A, T>>
    >
  >,
  Is<
    Same<
      M["add"],
      <T extends R = R>(factory: JobFactory<S, A, T>, options?: RunOptions<S>) => ManagedJob<undefined, S, A, T>
    >
  >,
  Is<Same<M["getLastJob"], (key: K) => J | undefined>>,
  Is<Same<M["forget"], (id: string) => boolean>>,
  Is<Same<M["stopPending"], (reason?: unknown) => number>>,
  Is<Same<M["onJobEnded"], (listener: (job: J, completion: Completion<R>) => void) => Unsubscribe>>,
  Is<Same<M["getRunningJob"], (key: K) => J | undefined>>,
  Is<Same<M["getJob"], (id: string) => J | undefined>>,
  Is<Same<M["jobs"], (status?: JobStatus) => J[]>>,
  Is<Same<M["stopJob"], (key: K, reason?: unknown) => Promise<void>>>,
  Is<Same<M["stopAll"], (reason?: unknown) => Promise<void>>>,
  Is<Same<M["pause"], () => void>>,
  Is<Same<M["resume"], () => void>>,
  Is<Same<Pick<M, "isPaused">, { readonly isPaused: boolean }>>,
  Is<Same<Pick<M, "concurrency">, { concurrency: number }>>,
  Is<Same<Pick<M, "rateLimit">, { rateLimit: { readonly limit: number; readonly interval: Millis } | undefined }>>,
  Is<Same<Pick<M, "rateLimitedUntil">, { readonly rateLimitedUntil: number | undefined }>>,
  Is<Same<M["onEmpty"], () => Promise<void>>>,
  Is<Same<M["onPendingBelow"], (size: number) => Promise<void>>>,
  Is<Same<M["onIdle"], () => Promise<void>>>,
  Is<Same<Pick<M, "stats">, { readonly stats: ManagerStats }>>,
  Is<Same<M["subscribe"], (listener: () => void) => Unsubscribe>>,
  Is<Same<M["getSnapshot"], () => { readonly stats: ManagerStats; readonly jobs: readonly J[] }>>,
  Is<Same<M["onKeyChange"], (key: K, listener: (job: J | undefined) => void) => Unsubscribe>>,
  Is<Same<M["events"], () => ReadableStream<JobEvent>>>,
  Is<Same<M["close"], (reason?: unknown) => Promise<void>>>,
  Is<Same<M[typeof Symbol.asyncDispose], () => Promise<void>>>,
];

/** What stands for what: a job that takes more actions may be handed where fewer are sent, and so on. */
export type Variance = [
  Is<Fits<ManagedJob<string, S, A, R>, Job<S, A>>>,
  Is<Fits<ManagedJob<string, S, A, R>, Job<unknown, never>>>,
  Is<Fits<ManagedJob<string, S, A, R>, Job<S, { type: "pause" }>>>,
  IsNot<Fits<ManagedJob<string, S, A, R>, Job<string, A>>>,
  // Nothing hidden: whatever has the members may stand for the real one.
  Is<Fits<{ [Name in keyof M]: M[Name] }, M>>,
  Is<Fits<{ [Name in keyof Gate]: Gate[Name] }, Gate>>,
  Is<Fits<{ [Name in keyof Subject<S>]: Subject<S>[Name] }, Subject<S>>>,
  Is<Fits<{ [Name in keyof JobContext<S, A>]: JobContext<S, A>[Name] }, JobContext<S, A>>>,
];
