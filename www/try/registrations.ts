import type { CompletionType } from "jobgate";
import type { WorkJob } from "./manager.ts";
import { perJob } from "./per-job.ts";

/** One continuation registered from the page. */
export interface Registration {
  readonly key: string;
  /** The job had ended before this was registered. */
  readonly late: boolean;
  readonly called: { readonly with: CompletionType; readonly afterMs: number } | undefined;
}

export const registrations = perJob<readonly Registration[]>();

/** Adds a continuation to the job, whether it runs still or has ended. */
export function register(job: WorkJob): void {
  const standing = registrations.get(job) ?? [];
  const key = `continuation ${standing.length + 1}`;
  const late = job.completion !== undefined;
  const since = performance.now();
  registrations.set(job, [...standing, { key, late, called: undefined }]);
  job.continuations.addOrRunNow(key, (_job, completion) => {
    const called = { with: completion.type, afterMs: performance.now() - since };
    const list = registrations.get(job) ?? [];
    registrations.set(
      job,
      list.map((one) => (one.key === key ? { ...one, called } : one)),
    );
  });
}
