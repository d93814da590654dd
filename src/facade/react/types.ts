// What the hooks give.

import type { Message, ModelResponse, ToolCall, WorkerState } from "../agents/types.js";
import type { SharedCreateOptions, SharedJob, SharedRecord } from "../shared/types.js";
import type { JobFactory, JobRecord, JobStatus, ManagedJob, ManagerStats, Progress, RunOptions } from "../types.js";

/** What `useJob` gives. `run` and `stop` stay the same functions as long as manager and key do. */
export interface UseJob<S, A, R> {
  /** The one that stands under the key, else the later of the last one seen here and of the latest one retained. */
  // biome-ignore lint/suspicious/noExplicitAny: whatever the key is.
  readonly job: ManagedJob<any, S, A, R> | undefined;
  readonly state: S | undefined;
  readonly status: JobStatus | "idle";
  /** Pending or running. */
  readonly isActive: boolean;
  readonly progress: Progress;
  /** Of the last job that completed under the key: it stays while the next one runs, and if that one fails. */
  readonly result: R | undefined;
  /** 0 before the first start. */
  readonly attempt: number;
  /** While the job waits for a delay or for its next attempt: until when, epoch ms. */
  readonly readyAt: number | undefined;
  /** What the latest failed attempt threw, while another may follow. */
  readonly lastError: unknown;
  /** Of a job that failed; why one was cancelled is in `job.completion`. */
  readonly error: unknown;
  /**
   * The manager's `runJob` under the key; throws what that throws. For handlers and effects, not while rendering. Returns
   * the job, or the one that runs already: await its `result`, or don't, nothing is unhandled. An effect must not return it: `useEffect(() => void run(body), [])`.
   */
  // biome-ignore lint/suspicious/noExplicitAny: whatever the key is.
  run<T extends R = R>(factory: JobFactory<S, A, T>, options?: RunOptions<S>): ManagedJob<any, S, A, T>;
  /** The manager's `stopJob`: resolves when the job has ended. */
  stop(reason?: unknown): Promise<void>;
}

/** What `useSharedJob` gives. `run` and `stop` stay the same functions as long as runner and key do. */
export interface UseSharedJob<S, A, R> extends Omit<UseJob<S, A, R>, "job" | "run"> {
  /** The one that stands under the key, in whichever tab it runs, else the last one seen here, else the latest one kept. */
  readonly job: SharedJob<S, A, R> | undefined;
  readonly record: SharedRecord | undefined;
  /**
   * The runner's `runJob` under the key, rejects as that does. For handlers and effects, not while rendering. Resolves with
   * the job, or the one that runs already, once it is recorded.
   */
  run(
    type: string,
    params?: Record<string, unknown>,
    options?: Omit<SharedCreateOptions, "key">,
  ): Promise<SharedJob<S, A, R>>;
}

/** What `useJobs` gives. */
export interface UseJobs<K, S, A, R> {
  /** Pending, running and retained ones, oldest first. */
  readonly jobs: readonly ManagedJob<K, S, A, R>[];
  readonly stats: ManagerStats;
}

/** What `useQueue` gives. */
export interface UseQueue {
  readonly jobs: readonly JobRecord[];
  readonly stats: ManagerStats;
  /** Of a QueueClient: false until the queue has answered, and while nobody answers. Of a JobRunner: until it is closed. */
  readonly connected: boolean;
}

/** A prompt whose run failed, and what it failed with. */
export interface FailedPrompt {
  readonly prompt: string;
  readonly error: unknown;
}

/** What `useConversation` gives. The functions stay the same as long as session and worker do. */
export interface UseConversation {
  /** What was said so far, with what has arrived of an answer. */
  readonly messages: readonly Message[];
  readonly state: WorkerState;
  /** What the last run failed with; undefined again once the next begins. */
  readonly error: unknown;
  /**
   * The prompts that were asked here and failed, oldest first, each once: also those whose message and `error` have given
   * way to the next prompt. One stays until it is asked again, by `send` or `regenerate`, or dismissed; all leave when
   * `truncate` or `setMessages` of the worker is called.
   */
  readonly failures: readonly FailedPrompt[];
  /** The tool that the model wants used and that waits for `approve` or `deny`; `id` is that of its call. */
  readonly asked: ToolCall | undefined;
  /**
   * Why the model stopped, in its server's words ("stop", "length", …): of the latest whole answer to what was asked
   * here; undefined again once the next run begins.
   */
  readonly stopReason: string | undefined;
  /** What that answer took, where its server counts. */
  readonly usage: ModelResponse["usage"];
  /** Prompts that were sent and wait for their turn, oldest first. */
  readonly queued: readonly string[];
  /**
   * Asks the model; behind what runs or waits already, and goes on when that has failed. Throws what `Session.run`
   * throws.
   */
  send(prompt: string): void;
  /** Lets the tool run that is shown as asked for. Nothing is shown, or it was answered already: nothing happens. */
  approve(): void;
  /** Has the model told no, as `approve` has it told yes. */
  deny(): void;
  /**
   * Stops what runs and drops what waits behind it; resolves when all have ended. What has arrived stays. No reason
   * given: an AbortError. To stop one alone, stop its job in `session.jobs`.
   */
  stop(reason?: unknown): Promise<void>;
  /**
   * Asks the last prompt again, in place of what came of it. While a run is under way or waits, nothing happens. Throws
   * RangeError where there is no prompt; then nothing has changed.
   */
  regenerate(): void;
  /**
   * Asks `content` in place of the prompt at that index of `messages`, and of all that was said after it. Throws
   * AgentError E_BUSY while a run is under way or waits, RangeError where no prompt is at that index; then nothing has
   * changed.
   */
  edit(index: number, content: string): void;
  /** Takes the prompt out of `failures`, if it is there: its user has seen that it failed. */
  dismiss(prompt: string): void;
}
