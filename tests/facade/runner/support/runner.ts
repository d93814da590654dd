import type { JobEvent, JobRecord } from "jobgate";
import { JobRunner, type JobType, type RunnerOptions, type TaskContext } from "jobgate/runner";
import { onTestFinished } from "vitest";
import { type Deferred, deferred } from "../../support/work.js";

/** A runner that is closed when its test ends. */
export function newRunner(options?: RunnerOptions): JobRunner {
  const runner = new JobRunner(options);
  onTestFinished(async () => {
    await runner.close();
  });
  return runner;
}

/** Resolves with the first event that fits, from now on. */
export function nextEvent(runner: JobRunner, fits: (event: JobEvent) => boolean): Promise<JobEvent> {
  return new Promise((resolve) => {
    const stop = runner.onEvent((event) => {
      if (!fits(event)) return;
      stop();
      resolve(event);
    });
  });
}

/** Resolves with the job's record once it has ended. */
export async function ended(runner: JobRunner, id: string): Promise<JobRecord> {
  const over = (record: JobRecord | undefined) => record?.completed_at !== undefined;
  if (!over(runner.getJob(id))) {
    await new Promise<void>((resolve) => {
      const stop = runner.subscribe(() => {
        if (!over(runner.getJob(id))) return;
        stop();
        resolve();
      });
    });
  }
  const record = runner.getJob(id);
  if (record === undefined) throw new Error(`no record of job ${id}`);
  return record;
}

export interface Held {
  readonly params: { readonly label: string };
  readonly context: TaskContext;
  readonly work: Deferred<unknown>;
}

/** A job type whose bodies do nothing until the test settles them; they end when asked to. */
export function heldType(name = "held"): { readonly type: JobType; readonly held: Held[] } {
  const held: Held[] = [];
  const type: JobType<Held["params"]> = {
    name,
    description: "Waits for the test",
    params: [{ name: "label", type: "string", default: "" }],
    execute(params, context) {
      const work = deferred<unknown>();
      context.signal.addEventListener("abort", () => work.reject(context.signal.reason), { once: true });
      held.push({ params, context, work });
      return work.promise;
    },
  };
  return { type, held };
}

/** A job type whose one body does not end when it is asked to, but when the test says so. */
export function deafType() {
  const { promise, resolve } = deferred<void>();
  let given!: TaskContext;
  const execute: JobType["execute"] = (_, context) => {
    given = context;
    return promise;
  };
  const type: JobType = { name: "deaf", description: "", params: [], execute };
  return { type, context: () => given, end: () => resolve() };
}
