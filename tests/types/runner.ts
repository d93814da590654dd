// Every name of "jobgate/runner", with the type that it is promised to have; then programs that must and must not fit.
import type { JobEvent, JobManager, JobRecord, ManagerStats, ParamError, Priority, Unsubscribe } from "jobgate";
import type { QueueClient as OfClient, reconnecting as ofClient } from "jobgate/queue-client";
import {
  type builtinJobTypes,
  type ClientMessage,
  type CreateOptions,
  type HandledQueue,
  type HandlerOptions,
  type Histogram,
  type JobHandler,
  type JobQueue,
  JobRunner,
  type JobType,
  type jobFetch,
  jobHandler,
  type ParamSpec,
  QueueClient,
  type QueueCreateOptions,
  type QueuePort,
  type RunnerOptions,
  type reconnecting,
  type remote,
  type ServerMessage,
  type TaskContext,
  type WatchEvent,
} from "jobgate/runner";
import type { Fits, Is, Same } from "./expect.js";

type Described = Pick<JobType, "name" | "description" | "params">;

export type Runner = [
  Is<Same<typeof builtinJobTypes, readonly string[]>>,
  Is<
    Same<JobRunner["createJob"], (type: string, params?: Record<string, unknown>, options?: CreateOptions) => JobRecord>
  >,
  Is<Same<JobRunner["getJob"], (id: string) => JobRecord | undefined>>,
  Is<Same<JobRunner["getAllJobs"], () => readonly JobRecord[]>>,
  Is<Same<JobRunner["getPendingJobs"], () => readonly string[]>>,
  Is<Same<JobRunner["getRunningJobs"], () => readonly string[]>>,
  Is<Same<JobRunner["cancelJob"], (id: string, reason?: unknown) => boolean>>,
  Is<Same<JobRunner["setPriority"], (id: string, priority: Priority) => boolean>>,
  Is<Same<JobRunner["retryJob"], (id: string) => JobRecord>>,
  Is<Same<JobRunner["clearCompleted"], () => number>>,
  Is<Same<JobRunner["getJobTypes"], () => readonly Described[]>>,
  Is<Same<JobRunner["getJobType"], (name: string) => Described | undefined>>,
  Is<
    Fits<
      ReturnType<JobRunner["validateJobParams"]>,
      { valid: true; params: Record<string, unknown> } | { valid: false; errors: readonly ParamError[] }
    >
  >,
  Is<Same<JobRunner["getQueueStats"], () => ManagerStats>>,
  Is<Fits<ReturnType<JobRunner["getWorkerStats"]>, { active: number; capacity: number; processed: number }>>,
  Is<Fits<ReturnType<JobRunner["getMetrics"]>, { wait: Histogram; run: Histogram; throughputPerMinute: number }>>,
  Is<Same<JobRunner["start"], () => void>>,
  Is<Same<JobRunner["stop"], () => Promise<void>>>,
  Is<Same<Pick<JobRunner, "concurrency">, { readonly concurrency: number }>>,
  Is<Same<JobRunner["setConcurrency"], (n: number) => void>>,
  Is<Same<JobRunner["subscribe"], (listener: () => void) => Unsubscribe>>,
  Is<Fits<ReturnType<JobRunner["getSnapshot"]>, { jobs: readonly JobRecord[]; stats: ManagerStats }>>,
  Is<Same<JobRunner["onEvent"], (listener: (event: JobEvent) => void) => Unsubscribe>>,
  Is<Same<JobRunner["watch"], (id: string) => ReadableStream<WatchEvent>>>,
  Is<Same<JobRunner["eventStream"], (id: string, options?: { lastEventId?: string }) => ReadableStream<Uint8Array>>>,
  Is<Same<JobRunner["serve"], (port: QueuePort) => Unsubscribe>>,
  Is<Same<JobRunner["asQueue"], () => JobQueue>>,
  Is<Same<JobRunner["manager"], JobManager<string>>>,
  Is<Same<JobRunner["close"], () => Promise<void>>>,
  Is<Same<JobRunner[typeof Symbol.asyncDispose], () => Promise<void>>>,
];

export type Client = [
  Is<
    Same<
      QueueClient["createJob"],
      (type: string, params?: Record<string, unknown>, options?: QueueCreateOptions) => Promise<JobRecord>
    >
  >,
  Is<Fits<QueueClient, JobQueue>>,
  Is<Same<OfClient, QueueClient>>,
  Is<Same<JobQueue["createJob"], QueueClient["createJob"]>>,
  Is<Same<JobQueue["getJob"], (id: string) => JobRecord | undefined>>,
  Is<Same<JobQueue["getAllJobs"], () => readonly JobRecord[]>>,
  Is<Same<JobQueue["cancelJob"], (id: string, reason?: unknown) => Promise<boolean>>>,
  Is<Same<JobQueue["setPriority"], (id: string, priority: Priority) => Promise<boolean>>>,
  Is<Same<JobQueue["retryJob"], (id: string) => Promise<JobRecord>>>,
  Is<Same<JobQueue["clearCompleted"], () => Promise<number>>>,
  Is<Same<JobQueue["getQueueStats"], () => ManagerStats>>,
  Is<Same<JobQueue["watch"], (id: string) => ReadableStream<WatchEvent>>>,
  Is<Same<JobQueue["subscribe"], (listener: () => void) => Unsubscribe>>,
  Is<Same<JobQueue["getSnapshot"], QueueClient["getSnapshot"]>>,
  Is<Fits<{ id: string; priority: Priority; delay: number; timeout: number; retry: 3 }, QueueCreateOptions>>,
  Is<Same<QueueClient["cancelJob"], (id: string, reason?: unknown) => Promise<boolean>>>,
  Is<Same<QueueClient["clearCompleted"], () => Promise<number>>>,
  Is<Fits<ConstructorParameters<typeof QueueClient>, [port: QueuePort, options?: { timeout?: number }]>>,
  Is<Same<Pick<JobRecord, "ready_at" | "stopping">, { readonly ready_at?: number; readonly stopping?: true }>>,
  Is<Same<QueueClient["subscribe"], (listener: () => void) => Unsubscribe>>,
  Is<
    Fits<
      ReturnType<QueueClient["getSnapshot"]>,
      { jobs: readonly JobRecord[]; stats: ManagerStats; connected: boolean }
    >
  >,
  Is<Same<QueueClient["close"], () => void>>,
  Is<
    Same<
      typeof reconnecting,
      (open: () => WebSocket, options?: { min?: number; max?: number }) => QueuePort & { close(): void }
    >
  >,
  Is<Same<typeof ofClient, typeof reconnecting>>,
  Is<
    Same<
      typeof remote,
      // biome-ignore lint/suspicious/noExplicitAny: as JobType has it.
      <P = any, R = unknown>(type: Omit<JobType<P, R>, "execute">, queue: JobQueue) => JobType<P, R>
    >
  >,
  Is<Fits<JobEvent & { seq: number }, ServerMessage>>,
  Is<Fits<{ type: "queue_state"; protocol: 2; seq: number; jobs: JobRecord[]; stats: ManagerStats }, ServerMessage>>,
  Is<Fits<{ type: "create_job"; job_type: string; delay: number; request: number }, ClientMessage>>,
  Is<Fits<{ type: "set_priority"; job_id: string; priority: Priority }, ClientMessage>>,
  Is<Fits<{ type: "retry_job"; job_id: string }, ClientMessage>>,
  Is<Fits<{ type: "resume"; seq: number }, ClientMessage>>,
  Is<Same<Extract<WatchEvent, { event: "progress" }>["data"], { percent: number; message: string }>>,
];

export type Http = [
  Is<Fits<JobQueue, HandledQueue>>,
  Is<Fits<JobRunner, HandledQueue>>,
  Is<Fits<JobQueue, Parameters<typeof jobHandler>[0]>>,
  Is<
    Fits<
      typeof jobHandler,
      (queue: JobQueue, options?: HandlerOptions) => (r: Request) => Promise<Response> | undefined
    >
  >,
  Is<Same<JobHandler, (request: Request) => Promise<Response> | undefined>>,
  Is<
    Same<
      HandlerOptions,
      {
        base?: string;
        cors?: { origin: string | readonly string[] | ((origin: string) => boolean); credentials?: boolean };
        authorize?(request: Request): boolean | Promise<boolean>;
        keepAlive?: number;
      }
    >
  >,
  Is<Fits<ReturnType<typeof jobFetch>, typeof fetch>>,
];

const resize: JobType<{ width: number; format?: string }, Blob> = {
  name: "resize",
  description: "Makes an image smaller",
  params: [
    { name: "width", type: "integer", min: 1, max: 8192 },
    { name: "format", type: "string", enum: ["png", "webp"], default: "webp" },
    { name: "tags", type: "array", items: { type: "string" }, required: false },
  ] satisfies ParamSpec[],
  async execute({ width }, context: TaskContext) {
    context.progress(50, `${width} pixels`);
    await context.checkpoint();
    return new Blob();
  },
};

export async function program(worker: Worker, socket: WebSocket, channel: BroadcastChannel, port: MessagePort) {
  const options: RunnerOptions = {
    concurrency: 2,
    types: [resize],
    builtins: false,
    retain: 10,
    autoStart: false,
    trace: true,
  };
  await using runner = new JobRunner(options);
  for (const end of [worker, socket, channel, port]) {
    runner.serve(end);
    new QueueClient(end).close();
  }
  runner.createJob("resize", { width: 3 }, { priority: "background", retry: 2, id: "mine" });
  jobHandler(runner, { base: "/queue", cors: { origin: ["https://app.example"] }, authorize: async () => true });
  // @ts-expect-error no queue
  jobHandler({ createJob: runner.createJob });
  // @ts-expect-error the type's name comes first
  runner.createJob({ width: 3 });
  // @ts-expect-error set by setConcurrency
  runner.concurrency = 4;
  // @ts-expect-error no such type of param
  const date: ParamSpec = { name: "when", type: "date" };
  // @ts-expect-error a port has to be listened to
  runner.serve({ postMessage() {} });
  return date;
}
