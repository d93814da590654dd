/// <reference types="node" />
// What "jobgate/server" says of workers, with the type that it is promised to have; then programs that must and must not fit.
import type { IncomingMessage } from "node:http";
import type { Duplex } from "node:stream";
import type { JobRecord, Millis, Unsubscribe } from "jobgate";
import type { CreateOptions, JobQueue, JobType, QueueCreateOptions, QueuePort, WatchEvent } from "jobgate/runner";
import {
  QueueGateway,
  QueueWorker,
  type QueueWorkerOptions,
  type ServerJobType,
  type ServerOptions,
  type WatchEvent as ServerWatchEvent,
} from "jobgate/server";
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

interface User {
  readonly team: string;
}
type Gateway = QueueGateway<User>;

export type Gateways = [
  Is<Same<Gateway["ready"], Promise<void>>>,
  Is<Fits<ReturnType<Gateway["queue"]>, JobQueue>>,
  Is<
    Fits<
      ReturnType<Gateway["queue"]>["createJob"],
      (type: string, params?: Record<string, unknown>, options?: QueueCreateOptions) => Promise<JobRecord>
    >
  >,
  Is<Same<Gateway["serve"], (port: QueuePort, user: User) => Unsubscribe>>,
  Is<Same<Gateway["fetch"], (request: Request) => Promise<Response>>>,
  Is<Same<Gateway["upgrade"], (request: IncomingMessage, socket: Duplex, head: Buffer) => void>>,
  Is<Same<Gateway["close"], () => Promise<void>>>,
  Is<Fits<Gateway, AsyncDisposable>>,
  Is<Same<ServerWatchEvent, WatchEvent>>,
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

new QueueGateway({
  redis: "redis://localhost",
  types: [resize],
  authorize: async (request): Promise<User | undefined> =>
    request.headers.has("Cookie") ? { team: "blue" } : undefined,
  scope: ({ team }) => team,
  origins: ["https://app.example"],
  may: ({ team }, action, job) => team === "blue" && action !== "clear" && job.type === "resize",
  retain: 100,
  maxPending: 1000,
  maxMessage: 10_000,
  rateLimit: { limit: 10, interval: 1000 },
});
// @ts-expect-error: who serves jobs says who may
new QueueGateway({ redis: "", types: [], origins: [], scope: () => "all" });
// @ts-expect-error: and whose they are
new QueueGateway({ redis: "", types: [], origins: [], authorize: () => ({}) });
