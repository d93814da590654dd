// Options, records, events and errors, each with the shape that it is promised to have.
import type {
  InvalidParamsError,
  JobEvent,
  JobgateError,
  JobManagerOptions,
  JobRecord,
  JobStatus,
  ManagedJob,
  ManagerStats,
  Millis,
  NonRetriableError,
  ParamError,
  Priority,
  RetryOptions,
  RunOptions,
} from "jobgate";
import type { Fits, Is, Same } from "./expect.js";

type S = { page: number };

export type Options = [
  Is<
    Same<
      RetryOptions,
      {
        limit: number;
        delay?: Millis | ((error: unknown, attempt: number) => Millis | undefined);
        backoff?: "fixed" | "exponential";
        maxDelay?: Millis;
        jitter?: "full" | "none";
        retryIf?: (error: unknown, attempt: number) => boolean;
      }
    >
  >,
  Is<
    Same<
      RunOptions<S>,
      {
        signal?: AbortSignal;
        priority?: Priority;
        timeout?: Millis;
        retry?: number | RetryOptions;
        delay?: Millis;
        abandonAfter?: Millis;
        group?: string;
        onDuplicate?: "join" | "replace" | "queue" | "reject";
        initialState?: S;
        name?: string;
      }
    >
  >,
  Is<
    Same<
      JobManagerOptions,
      {
        name?: string;
        trace?: boolean;
        concurrency?: number;
        groupConcurrency?: number;
        rateLimit?: { limit: number; interval: Millis };
        groupRateLimit?: { limit: number; interval: Millis };
        maxPending?: number;
        paused?: boolean;
        retain?: number;
        defaults?: Omit<RunOptions, "signal" | "initialState">;
        // biome-ignore lint/suspicious/noExplicitAny: a job of any types, as the option has it.
        onError?: (error: unknown, job: ManagedJob<any, any, any, any>) => void;
      }
    >
  >,
  Is<Same<RunOptions, RunOptions<unknown>>>,
  Is<Same<keyof ManagerStats, "pending" | "running" | "completed" | "failed" | "cancelled" | "total">>,
  Is<Same<ManagerStats[keyof ManagerStats], number>>,
];

type EventOf<Type extends JobEvent["type"]> = Omit<Extract<JobEvent, { type: Type }>, "type">;
type RecordError = { readonly name: string; readonly message: string; readonly code?: string };

export type Events = [
  Is<Same<JobRecord["error"], RecordError | undefined>>,
  Is<Same<JobRecord["status"], JobStatus>>,
  Is<Same<JobRecord["params"], unknown>>,
  Is<Same<JobRecord["started_at"], number | undefined>>,
  Is<
    Same<
      keyof JobRecord,
      | "id"
      | "type"
      | "params"
      | "status"
      | "progress"
      | "result"
      | "error"
      | "reason"
      | "priority"
      | "attempt"
      | "created_at"
      | "started_at"
      | "completed_at"
      | "ready_at"
      | "stopping"
      | "worker_id"
    >
  >,
  Is<
    Same<
      JobEvent["type"],
      | "job_created"
      | "job_started"
      | "job_stopping"
      | "job_progress"
      | "job_log"
      | "job_retrying"
      | "job_completed"
      | "job_failed"
      | "job_cancelled"
      | "job_removed"
      | "stats_update"
    >
  >,
  Is<Fits<EventOf<"job_created">, { readonly job: JobRecord }>>,
  Is<Fits<EventOf<"job_started">, { job_id: string; started_at: number; attempt: number; worker_id?: string }>>,
  Is<Fits<EventOf<"job_stopping">, { job_id: string; reason?: string }>>,
  Is<Fits<EventOf<"job_progress">, { job_id: string; percent: number; message: string }>>,
  Is<Fits<EventOf<"job_log">, { job_id: string; message: string; at: number }>>,
  Is<Fits<EventOf<"job_retrying">, { job_id: string; attempt: number; error: JobRecord["error"]; retry_at: number }>>,
  Is<Fits<EventOf<"job_completed">, { job_id: string; result: unknown }>>,
  Is<Fits<EventOf<"job_failed">, { job_id: string; error: JobRecord["error"] }>>,
  Is<Fits<EventOf<"job_cancelled">, { job_id: string; reason?: string }>>,
  Is<Fits<EventOf<"job_removed">, { job_id: string }>>,
  Is<Fits<EventOf<"stats_update">, { stats: ManagerStats }>>,
];

export type Errors = [
  Is<Fits<JobgateError, Error>>,
  Is<Same<Pick<JobgateError, "code">, { readonly code: string }>>,
  Is<Fits<NonRetriableError, JobgateError>>,
  Is<Same<InvalidParamsError["errors"], readonly ParamError[]>>,
  Is<Same<ParamError, { readonly param: string; readonly message: string }>>,
];
