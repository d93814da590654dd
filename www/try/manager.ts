import { JobManager, type ManagedJob } from "jobgate";

export type Work = "download" | "primes" | "flaky";

/** What a body tells its watchers besides progress. */
export interface WorkState {
  readonly work: Work;
  readonly paused: boolean;
  readonly note: string;
}

export type WorkAction = { readonly type: "pause" } | { readonly type: "resume" };

export type WorkJob = ManagedJob<string, WorkState, WorkAction, string>;

/** One manager for the page, as an app would have it: any component imports it. */
export const manager = new JobManager<string, WorkState, WorkAction, string>({
  name: "try",
  concurrency: 2,
  retain: 8,
});
