import { checkFlag, checkNumber, checkObject } from "../options.js";
import type { JobManagerOptions } from "../types.js";
import type { JobType, RunnerOptions, ServeOptions } from "./types.js";

export interface CheckedRunnerOptions {
  readonly builtins: boolean;
  readonly types: readonly JobType[];
  readonly retain: number;
  /** What is for the manager, which checks the bounds. */
  readonly manager: JobManagerOptions;
}

export function checkRunnerOptions(options: RunnerOptions): CheckedRunnerOptions {
  checkObject("options", options);
  const { types = [], maxPending } = options;
  const builtins = options.builtins === undefined || checkFlag("builtins", options.builtins);
  const autoStart = options.autoStart === undefined || checkFlag("autoStart", options.autoStart);
  const trace = checkFlag("trace", options.trace);
  const concurrency = checkNumber("concurrency", options.concurrency, 3);
  const retain = checkNumber("retain", options.retain, 1000);
  needCount("retain", retain, 0);
  if (!Array.isArray(types)) throw new TypeError("types must be an array");
  const paused = !autoStart;
  const manager = { name: "JobRunner", concurrency, paused, trace, ...(maxPending !== undefined && { maxPending }) };
  return { builtins, types, retain, manager };
}

function needCount(field: string, count: number, least: number): void {
  if (!(count >= least) || (count % 1 !== 0 && count !== Infinity)) {
    throw new RangeError(`${field} must be an integer of at least ${least}, or Infinity, got ${count}`);
  }
}

/** `maxPending`. */
export function checkServeOptions(options: ServeOptions): number {
  checkObject("options", options);
  const maxPending = checkNumber("maxPending", options.maxPending, 1000);
  needCount("maxPending", maxPending, 1);
  return maxPending;
}
