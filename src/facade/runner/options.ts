import { checkFlag, checkNumber, checkObject } from "../support/check.js";
import type { JobManagerOptions } from "../types.js";
import type { JobType, RunnerOptions } from "./types.js";

export interface CheckedRunnerOptions {
  readonly builtins: boolean;
  readonly types: readonly JobType[];
  readonly retain: number;
  readonly maxPendingPerPort: number;
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
  const maxPendingPerPort = checkNumber("maxPendingPerPort", options.maxPendingPerPort, 1000);
  needCount("maxPendingPerPort", maxPendingPerPort, 1);
  if (!Array.isArray(types)) throw new TypeError("types must be an array");
  const paused = !autoStart;
  const manager = { name: "JobRunner", concurrency, paused, trace, ...(maxPending !== undefined && { maxPending }) };
  return { builtins, types, retain, maxPendingPerPort, manager };
}

function needCount(field: string, count: number, least: number): void {
  if (!(count >= least) || (count % 1 !== 0 && count !== Infinity)) {
    throw new RangeError(`${field} must be an integer of at least ${least}, or Infinity, got ${count}`);
  }
}
