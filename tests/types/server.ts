// What "jobgate/server" says of workers, with the type that it is promised to have; then programs that must and must not fit.
import type { Millis } from "jobgate";
import type { CreateOptions, JobType } from "jobgate/runner";
import { QueueWorker, type QueueWorkerOptions, type ServerJobType, type ServerOptions } from "jobgate/server";
import type { Fits, Is, IsNot, Same } from "./expect.js";

export type Server = [
  Is<Same<QueueWorker["ready"], Promise<void>>>,
  Is<Same<QueueWorker["close"], (options?: { timeout?: Millis }) => Promise<void>>>,
  Is<Fits<QueueWorker, AsyncDisposable>>,
  Is<Same<ServerOptions["redis"], string | object>>,
  Is<Same<ServerOptions["types"], readonly ServerJobType[]>>,
  Is<Fits<QueueWorkerOptions, ServerOptions>>,
  Is<Fits<ServerJobType, JobType>>,
  Is<Fits<JobType, ServerJobType>>,
  Is<Same<ServerJobType["defaults"], Pick<CreateOptions, "priority" | "timeout" | "retry"> | undefined>>,
  Is<Same<ServerJobType["isolate"], "none" | "thread" | undefined>>,
  Is<Same<ServerJobType["module"], string | URL | undefined>>,
  IsNot<Fits<{ redis: string }, ServerOptions>>,
];

const resize: ServerJobType<{ width: number }, number> = {
  name: "resize",
  description: "",
  params: [],
  execute: ({ width }, { signal, attempt }) => (signal.aborted ? width : attempt),
  retryIf: (error, attempt) => error !== undefined && attempt < 3,
};

new QueueWorker({
  redis: "redis://localhost",
  queue: "images",
  types: [resize],
  concurrency: 2,
  rateLimit: { limit: 1, interval: 1000 },
  lock: 30_000,
  maxLost: 1,
  name: "one",
});
new QueueWorker({ redis: { port: 6379 }, types: [] });
// @ts-expect-error: who serves jobs says where Redis is
new QueueWorker({ types: [resize] });
// @ts-expect-error: there is no such place
new QueueWorker({ redis: "", types: [{ ...resize, isolate: "process" }] });
