// What a page and the runner's host say to each other beside the queue protocol: a page calls, the host answers and tells.

import type { ParamError } from "jobgate";
import type { CreateOptions, JobRunner, TypeDescription } from "jobgate/runner";
import type { RunsIn } from "../job-types.ts";

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

export interface HostState {
  readonly paused: boolean;
  readonly concurrency: number;
  readonly metrics: ReturnType<JobRunner["getMetrics"]>;
}

export type ListedType = TypeDescription & { readonly runsIn: RunsIn };

export interface Fault {
  readonly message: string;
  readonly errors?: readonly ParamError[];
}

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
  setPriority(id: string, priority: number): boolean;
  setConcurrency(limit: number): void;
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
  | { readonly type: "answer"; readonly serial: number; readonly value?: unknown; readonly fault?: Fault };
