import { subject, type Unsubscribe } from "jobgate";
import type { WorkJob } from "./manager.ts";

/** What the page itself remembers of each job; forgotten with the job. */
export interface PerJob<Value> {
  get(job: WorkJob): Value | undefined;
  set(job: WorkJob, value: Value): void;
  onChange(job: WorkJob, listener: () => void): Unsubscribe;
}

export function perJob<Value>(): PerJob<Value> {
  const values = new WeakMap<WorkJob, Value>();
  const changes = subject<WorkJob>();
  return {
    get: (job) => values.get(job),
    set(job, value) {
      values.set(job, value);
      changes.next(job);
    },
    onChange: (job, listener) =>
      changes.listen((changed) => {
        if (changed === job) listener();
      }),
  };
}
