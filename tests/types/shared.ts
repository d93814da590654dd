// Every name of "jobgate/shared", with the type that it is promised to have; then programs that must and must not fit.
import type { Completion, JobEvent, JobRecord, ManagerStats, Priority, RunJobResult, Unsubscribe } from "jobgate";
import type { JobQueue, WatchEvent } from "jobgate/runner";
import {
  DuplicateStepError,
  HandoverError,
  InterruptedError,
  LostOwnershipError,
  NotStorableError,
  QuotaError,
  type SharedCreateOptions,
  type SharedJob,
  type SharedJobType,
  type SharedRecord,
  SharedRunner,
  type SharedRunnerOptions,
  type SharedTaskContext,
  StorageLostError,
  StorageUnavailableError,
} from "jobgate/shared";
import type { Fits, Is, Same } from "./expect.js";

export type Shared = [
  Is<Fits<SharedRunner, JobQueue>>,
  Is<Fits<SharedRecord, JobRecord>>,
  Is<Same<SharedRunner["ready"], Promise<void>>>,
  Is<Same<SharedRunner["storage"], "opening" | "disk" | "memory" | "outdated" | "lost">>,
  Is<
    Same<
      SharedRunner["createJob"],
      (type: string, params?: Record<string, unknown>, options?: SharedCreateOptions) => Promise<SharedRecord>
    >
  >,
  Is<Same<SharedRunner["getJob"], (id: string) => SharedRecord | undefined>>,
  Is<Same<SharedRunner["getAllJobs"], () => readonly SharedRecord[]>>,
  Is<Same<SharedRunner["stopJob"], (key: string, reason?: unknown) => Promise<void>>>,
  Is<Same<SharedRunner["cancelJob"], (id: string, reason?: unknown) => Promise<boolean>>>,
  Is<Same<SharedRunner["setPriority"], (id: string, priority: Priority) => Promise<boolean>>>,
  Is<Same<SharedRunner["retryJob"], (id: string) => Promise<SharedRecord>>>,
  Is<Same<SharedRunner["clearCompleted"], () => Promise<number>>>,
  Is<Same<SharedRunner["getQueueStats"], () => ManagerStats>>,
  Is<Same<SharedRunner["watch"], (id: string) => ReadableStream<WatchEvent>>>,
  Is<Same<SharedRunner["subscribe"], (listener: () => void) => Unsubscribe>>,
  Is<Same<SharedRunner["onEvent"], (listener: (event: JobEvent) => void) => Unsubscribe>>,
  Is<Same<SharedRunner["tab"], string>>,
  Is<Same<SharedRunner["persist"], () => Promise<boolean>>>,
  Is<Same<SharedRunner["close"], () => Promise<void>>>,
  Is<Fits<SharedRunner, AsyncDisposable>>,
  Is<Same<SharedJob<number, "go", string>["state"], number>>,
  Is<Same<SharedJob<number, "go", string>["result"], Promise<string>>>,
  Is<Same<SharedJob<number, "go", string>["settled"], Promise<Completion<string>>>>,
  Is<Same<SharedJob<number, "go", string>["dispatch"], (action: "go") => Promise<void>>>,
  Is<Same<ReturnType<SharedJob["events"]>, ReadableStream<JobEvent>>>,
  Is<Same<SharedTaskContext<number>["state"], number>>,
  Is<
    Fits<
      SharedRecord["waiting_for"],
      "slot" | "delay" | "retry" | "online" | "visible" | "type" | "migration" | "storage" | undefined
    >
  >,
];

const upload: SharedJobType<{ url: string }, number, { sent: number }, "pause"> = {
  name: "upload",
  description: "sends a file",
  params: [{ name: "url", type: "url" }],
  version: 2,
  migrate: (params) => ({ url: String(params) }),
  takeOver: "strict",
  onInterrupted: "fail",
  requires: { online: true, maxWait: 5000, visible: false },
  async execute({ url }, { step, sleep, state, setState, onAction, signal, idempotencyKey, epoch, key }) {
    onAction((action: "pause") => void action);
    const sent: number = await step(
      "send",
      async ({ signal, idempotencyKey }) => `${url}${idempotencyKey}${signal}`.length,
      {
        retry: { limit: 2, delay: 10 },
        timeout: 100,
      },
    );
    await sleep("nap", new Date());
    setState((previous) => ({ sent: previous.sent + sent + epoch }));
    return signal.aborted ? state.sent : (key ?? idempotencyKey).length;
  },
};
const options: SharedRunnerOptions = {
  name: "app",
  types: [upload],
  execute: true,
  fallback: "memory",
  durability: "strict",
  takeOverAfter: 1000,
  maxInterruptions: 2,
  concurrency: 2,
  builtins: false,
  retain: 10,
  maxPending: 100,
};
const runner = new SharedRunner(options);

export async function program(): Promise<void> {
  const { type, job }: RunJobResult<SharedJob<{ sent: number }, "pause", number>> = await runner.runJob(
    "file",
    "upload",
    { url: "https://example.org" },
    { onDuplicate: "queue", priority: "background", retry: { limit: 2 }, delay: 5, timeout: 10, id: "x" },
  );
  const result: number = type === "JOB_CREATED" ? await job.result : job.state.sent;
  await job.dispatch("pause");
  // @ts-expect-error: it takes "pause" alone.
  await job.dispatch("go");
  await job.stop("enough", { timeout: result });
  const standing: SharedJob<{ sent: number }> | undefined = runner.getRunningJob<{ sent: number }>("file");
  standing?.onStateChange(({ sent }) => sent.toFixed());
  job.onProgress(({ percent, message }) => `${percent}${message}`);
  const { jobs, stats, connected } = runner.getSnapshot();
  jobs.map(({ durable, interruptions, version, owner }) => [durable, interruptions, version, owner?.epoch, owner?.tab]);
  void [stats.total, connected];
  // @ts-expect-error: a function can't be recorded.
  await runner.createJob("upload", {}, { retry: { limit: 1, retryIf: () => true } });
}

export const codes = [
  new DuplicateStepError().code satisfies "E_DUPLICATE_STEP",
  new HandoverError().code satisfies "E_HANDOVER",
  new InterruptedError("", "E_CRASH_LOOP").code satisfies "E_CRASH_LOOP" | "E_INTERRUPTED",
  new LostOwnershipError().code satisfies "E_LOST_OWNERSHIP",
  new NotStorableError().code satisfies "E_NOT_STORABLE",
  new QuotaError().code satisfies "E_QUOTA",
  new StorageLostError().code satisfies "E_STORAGE_LOST",
  new StorageUnavailableError().code satisfies "E_STORAGE_UNAVAILABLE",
];
