import { JobManager, type JobManagerOptions } from "jobgate";
import { onTestFinished } from "vitest";

/** A manager whose states, actions and results are left open: most tests are not about types. */
// biome-ignore lint/suspicious/noExplicitAny: the tests about types live in tests/types
export type AnyManager<Key = string> = JobManager<Key, any, any, any>;
// biome-ignore lint/suspicious/noExplicitAny: as above
export type AnyResult<Key = string> = ReturnType<JobManager<Key, any, any, any>["runJob"]>;
export type AnyJob<Key = string> = AnyResult<Key>["job"];

/** A manager that is closed when its test ends, so that nothing of one test reaches into the next. */
export function newManager<Key = string>(options?: JobManagerOptions): AnyManager<Key> {
  const manager: AnyManager<Key> = new JobManager(options);
  onTestFinished(() => {
    void manager.close("the test is over");
  });
  return manager;
}
