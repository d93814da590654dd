// The one seam by which the entries (runner, agents, pool, react, server) attach to managers. Beside what is public they may
// ask of a manager, a job and an attempt what is named here, and nothing else: whoever needs more adds it here. What users
// hold of a manager or a job is taken `as Seam` or `as EntryJob`: each of them is one.

import type { Context } from "../job/context.js";
import { recordOf as recordOfAny } from "../job/events.js";
import type { AnyJob, AnyManagedJob } from "../job/record.js";
import type { JobRecord, ManagedJob, RunOptions } from "../types.js";
import { readOptions } from "../wasm/options.js";
import type { JobManager } from "./job-manager.js";
import type { JobManager as Manager } from "./manager.js";
import { checkOptions } from "./options.js";

export { hasTimedOut } from "../job/completion.js";
export { errorRecord } from "../job/events.js";
export { JobHandle } from "../job/handle.js";

/** A manager: an `entry` can attach to one of its own; anyone can hear its events, and of moves, which are none. */
export type Seam<Key, State, Action, Result> = JobManager<Key, State, Action, Result> &
  Pick<Manager<Key, State, Action, Result>, "number" | "entry" | "onEvent" | "onMove" | "living" | "roster">;

type OfJobs = "slot" | "serial" | "finished" | "hasEnded" | "askToStop" | "onEvent";

/** A job: job/record.ts says what these are. */
export type EntryJob<Key, State, Action, Result> = ManagedJob<Key, State, Action, Result> & Pick<AnyJob, OfJobs>;
export type AnyEntryJob = Pick<AnyJob, keyof AnyManagedJob | OfJobs>;

/** An attempt, as its body's context: its end, without that a signal is made. */
export type AttemptEnd = Pick<Context<unknown, never>, "throwIfAborted" | "whenAborted">;

export const recordOf = recordOfAny as (job: AnyEntryJob) => JobRecord;

/** Throws what `runJob` would for the options, where none is run. */
export function checkRun(manager: Pick<Manager, "number">, options: RunOptions): void {
  checkOptions(manager.number, readOptions(options));
}
