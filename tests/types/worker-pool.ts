// Every name of "jobgate/worker-pool" and "jobgate/worker", with the type that it is promised to have; then programs that
// must and must not fit.
import { type JobFactory, JobManager, type Millis } from "jobgate";
import { JobRunner, type JobType, type TaskContext } from "jobgate/runner";
import { exposeJobs, transfer, type WorkerContext } from "jobgate/worker";
import { type ExposedJobs, type NodeWorker, WorkerPool, type WorkerPoolOptions } from "jobgate/worker-pool";
import type { Fits, Is, Same } from "./expect.js";

interface Stats {
  readonly size: number;
  readonly busy: number;
  readonly idle: number;
  readonly spawned: number;
  readonly killed: number;
}

export type Pool = [
  Is<Same<WorkerPool["stats"], Stats>>,
  Is<Same<WorkerPool["close"], () => Promise<void>>>,
  Is<Same<WorkerPool[typeof Symbol.asyncDispose], () => Promise<void>>>,
  Is<Fits<{ spawn?: () => Worker; size?: number; idleTimeout?: Millis; grace?: Millis }, WorkerPoolOptions>>,
  Is<Fits<{ spawn?: () => NodeWorker }, WorkerPoolOptions>>,
  Is<Fits<WorkerPool<Jobs>, WorkerPool<Jobs>>>,
  Is<Fits<Jobs, ExposedJobs>>,
  Is<Fits<WorkerContext, TaskContext & { setState(state: unknown): void }>>,
];

export async function page(manager: JobManager<string, number, never, { count: number }>) {
  const spawn = () => new Worker(new URL("./worker.js", import.meta.url), { type: "module" });
  await using pool = new WorkerPool({ spawn, size: 2, grace: 100, idleTimeout: Number.POSITIVE_INFINITY });
  const { job, jobType, close } = pool;
  // biome-ignore lint/suspicious/noExplicitAny: as the contract has it.
  const factory: JobFactory<any, any, { count: number }> = job<{ limit: number }, { count: number }>("prime", {
    limit: 100,
  });
  const { count } = await manager.runJob("primes", factory).job.result;
  const buffer = new ArrayBuffer(8);
  new JobManager().runJob("resize", job("resize", { buffer }, { transfer: [buffer] }));
  const resize: JobType<{ width: number }, Blob> = jobType<{ width: number }, Blob>({
    name: "resize",
    description: "Makes an image smaller",
    params: [{ name: "width", type: "integer" }],
  });
  await using _runner = new JobRunner({ types: [resize] });
  // @ts-expect-error a number of workers
  new WorkerPool({ size: "4" });
  // @ts-expect-error spawn starts a worker
  new WorkerPool({ spawn: () => "worker.js" });
  // @ts-expect-error the type's name comes first
  job({ limit: 100 });
  // @ts-expect-error counted, not set
  pool.stats.size = 4;
  await close();
  return count;
}

export function worker() {
  exposeJobs({
    async double({ buffer }: { buffer: ArrayBuffer }, { signal, progress, log, setState, checkpoint, aborted, id }) {
      progress(50, id);
      log("half");
      setState({ half: true });
      await checkpoint();
      if (aborted() || signal.aborted) throw signal.reason;
      return transfer({ buffer }, [buffer]);
    },
    contract: (_params: unknown, context: TaskContext & { setState(state: unknown): void }) => context.setState(1),
  });
  // @ts-expect-error types by name
  exposeJobs([["name", () => {}]]);
  // @ts-expect-error a type is what it does
  exposeJobs({ name: "double" });
}

/** As a worker's file has it, beside `exposeJobs(jobs)`. */
const jobs = {
  resize: async ({ width }: { width: number }, { progress }: WorkerContext) => {
    progress(width);
    return { width, bytes: new Uint8Array(width) };
  },
  count: (text: string) => text.length,
  now: () => Date.now(),
};
type Jobs = typeof jobs;

export function exposed() {
  exposeJobs(jobs);
}

/** A pool that knows what its workers expose checks names, params and results. */
// biome-ignore lint/suspicious/noExplicitAny: as the contract has it.
type Factory<Result> = JobFactory<any, any, Result>;

export async function typed() {
  const pool = new WorkerPool<Jobs>();
  const resize = pool.job("resize", { width: 100 }, { transfer: [] });
  const count = pool.job("count", "text");
  const now = pool.job("now");
  const promised: [
    Is<Same<typeof resize, Factory<{ width: number; bytes: Uint8Array<ArrayBuffer> }>>>,
    Is<Same<typeof count, Factory<number>>>,
    Is<Same<typeof now, Factory<number>>>,
  ] = [true, true, true];
  const length: number = await new JobManager<string, unknown, unknown, number>().runJob("count", count).job.result;
  const { job } = pool;
  job("count", "detached");
  // @ts-expect-error no such job
  pool.job("shrink", { width: 100 });
  // @ts-expect-error a number
  pool.job("resize", { width: "100" });
  // @ts-expect-error a text
  pool.job("count", { text: "text" });
  // @ts-expect-error no name at all
  pool.job();
  return { promised, length };
}

/** One that does not takes any name, and what its user says of params and result. */
export async function untyped(pool: WorkerPool) {
  const some: JobFactory<unknown, unknown, string> = pool.job<{ a: number }, string>("anything", { a: 1 });
  const none: Factory<unknown> = pool.job("anything");
  // @ts-expect-error the params are not what they were said to be
  pool.job<{ a: number }, string>("anything", { a: "1" });
  return [some, none];
}
