import type { JobHandle } from "../job/handle.js";
import type { AnyJob, JobOwner } from "../job/record.js";
import type { JobManagerOptions } from "../types.js";
import { command } from "../wasm/engine.js";
import {
  checkFlag,
  checkNumber,
  checkObject,
  checkString,
  MANAGER_FLAGS,
  NO_OPTIONS,
  needFunction,
  outOfBounds,
  type ReadOptions,
  readOptions,
  sendOptions,
} from "../wasm/options.js";
import { type RateLimit, readRateLimit } from "./pace.js";

/** A manager's options as they were when they were handed in: each read once, whatever it is, before anything changes. */
export interface ReadManagerOptions {
  readonly name: string;
  readonly concurrency: number;
  readonly groupConcurrency: number;
  readonly rateLimit: RateLimit | undefined;
  readonly groupRateLimit: RateLimit | undefined;
  readonly maxPending: number;
  readonly retain: number;
  readonly paused: boolean;
  readonly trace: boolean;
  readonly defaults: ReadOptions | undefined;
  readonly onError: JobManagerOptions["onError"];
}

export function readManagerOptions(options: JobManagerOptions): ReadManagerOptions {
  checkObject("options", options);
  const { name, concurrency, groupConcurrency, rateLimit, groupRateLimit } = options;
  const { maxPending, retain, paused, trace, defaults, onError } = options;
  checkObject("defaults", defaults);
  if (onError !== undefined) needFunction("onError", onError);
  return {
    name: checkString("name", name) ?? "JobManager",
    concurrency: checkNumber("concurrency", concurrency, Infinity),
    groupConcurrency: checkNumber("groupConcurrency", groupConcurrency, Infinity),
    rateLimit: readRateLimit("rateLimit", rateLimit),
    groupRateLimit: readRateLimit("groupRateLimit", groupRateLimit),
    maxPending: checkNumber("maxPending", maxPending, Infinity),
    retain: checkNumber("retain", retain, 0),
    paused: checkFlag("paused", paused),
    trace: checkFlag("trace", trace),
    defaults: defaults && readOptions(defaults),
    onError,
  };
}

/** What one of the entries attaches to a manager of its own (seam.ts). */
export type Entry<Key, State, Action, Result> = JobOwner["entry"] & {
  /** The engine has broken. */
  onFailure?(error: Error): void;
  /** The class of its jobs, where they have more than others. */
  readonly Handle?: new (
    ...of: ConstructorParameters<typeof JobHandle<Key, State, Action, Result>>
  ) => JobHandle<Key, State, Action, Result>;
};

/** Of a job that may wait where nothing else does, also where no job may. */
export function waitingAlone(options: ReadOptions = NO_OPTIONS): ReadOptions {
  return { ...options, plain: false, mayWaitAlone: true };
}

/** The engine's number for a new manager. Throws the engine's refusal. */
export function createManager(options: ReadManagerOptions, moment: number): number {
  const { rateLimit, groupRateLimit } = options;
  const engine = command();
  sendOptions(options.defaults ?? NO_OPTIONS);
  const number = engine.createManager(
    (options.paused ? MANAGER_FLAGS.paused : 0) |
      (rateLimit ? MANAGER_FLAGS.rateLimited : 0) |
      (groupRateLimit ? MANAGER_FLAGS.groupRateLimited : 0),
    options.concurrency,
    options.groupConcurrency,
    rateLimit?.limit ?? 0,
    rateLimit?.interval ?? 0,
    groupRateLimit?.limit ?? 0,
    groupRateLimit?.interval ?? 0,
    options.maxPending,
    options.retain,
    moment,
  );
  if (number < 0) throw outOfBounds({ ...options.defaults, ...options });
  return number;
}

/** Throws what the engine would refuse for a job of the manager with these. */
export function checkOptions(manager: number, options: ReadOptions): void {
  const engine = command();
  sendOptions(options);
  if (engine.check(manager) < 0) throw outOfBounds(options);
}

/** What a job with options needs beside the engine's record of it. */
export function equip(job: AnyJob, own: ReadOptions | undefined, defaults: ReadOptions | undefined): void {
  const retry = own?.retry ?? defaults?.retry;
  const timeout = own?.timeout ?? defaults?.timeout;
  const name = own?.name ?? defaults?.name;
  if (retry === undefined && timeout === undefined && name === undefined) return;
  const cold = job.coldData();
  cold.retries = retry !== undefined;
  cold.retryIf = retry?.retryIf;
  cold.delayOf = retry?.delayOf;
  cold.timeout = timeout;
  cold.name = name;
}
