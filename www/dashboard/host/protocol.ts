// What a page and the runner's host say to each other beside the queue protocol: a page calls, the host answers and tells.

import type { ParamError } from "jobgate";
import type { CreateOptions, JobRunner, TypeDescription } from "jobgate/runner";
import type { PoolStats } from "jobgate/worker-pool";

/** One attempt of a job. Times are epoch milliseconds. */
export interface Run {
  readonly attempt: number;
  readonly from: number;
  readonly to?: number;
  /** Of an attempt that failed and is followed by another. */
  readonly error?: string;
}

export interface LogLine {
  readonly at: number;
  readonly message: string;
}

/** Where a type's body runs: beside the runner, or in a worker of the pool. */
export type RunsIn = "runner" | "worker";

export interface HostState {
  readonly paused: boolean;
  readonly concurrency: number;
  readonly metrics: ReturnType<JobRunner["getMetrics"]>;
  readonly pool: PoolStats;
}

export type ListedType = TypeDescription & { readonly runsIn: RunsIn };

export interface Fault {
  readonly message: string;
  readonly errors?: readonly ParamError[];
}

export const MOST_AT_ONCE = 64;

/** What a page may call. */
export interface HostCalls {
  /** Makes `copies` jobs alike and returns their ids. */
  createJobs(
    type: string,
    params: Record<string, unknown>,
    options: Pick<CreateOptions, "priority" | "retry" | "delay" | "timeout">,
    copies: number,
  ): readonly string[];
  /** Every fault; none where the params are good. */
  validate(type: string, params: Record<string, unknown>): readonly ParamError[];
  /** Returns the new job's id. */
  retryJob(id: string): string;
  /** Relative, as what follows: of two clicks in quick succession, or in two tabs, none is lost. Returns what it is now. */
  raisePriority(id: string, by: number): number;
  /** Stays from 1 to MOST_AT_ONCE. Returns what it is now. */
  changeConcurrency(by: number): number;
  pause(): void;
  resume(): void;
  /** What the job has logged so far; from then on the host tells what it logs. One job at a time. */
  followLog(id: string): readonly LogLine[];
  ping(): void;
}

export type CallName = keyof HostCalls;

export type PageMessage =
  | { readonly type: "call"; readonly serial: number; readonly name: CallName; readonly args: readonly unknown[] }
  | { readonly type: "leave" };

export type HostMessage =
  | {
      readonly type: "welcome";
      /** Another number: another runner, which knows nothing of the jobs of the one before. */
      readonly startedAt: number;
      readonly types: readonly ListedType[];
      readonly runs: readonly (readonly [id: string, runs: readonly Run[]])[];
    }
  | { readonly type: "state"; readonly state: HostState }
  /** Of a job that was tried more than once. */
  | { readonly type: "runs"; readonly id: string; readonly runs: readonly Run[] }
  | { readonly type: "log"; readonly id: string; readonly line: LogLine }
  /** Asks for a worker to be run by this page; its line is the port that comes with it. */
  | { readonly type: "spawn" }
  | { readonly type: "answer"; readonly serial: number; readonly value?: unknown; readonly fault?: Fault };

// On the line of a worker that a page runs for the host:

export type ToWorker = { readonly type: "message"; readonly data: unknown } | { readonly type: "terminate" };

export type FromWorker =
  | { readonly type: "message"; readonly data: unknown }
  | { readonly type: "error"; readonly message: string; readonly filename: string; readonly lineno: number };
