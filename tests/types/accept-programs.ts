// Programs as an app would write them. Each must compile.
import {
  type AnyJobManager,
  type Completion,
  type Continuations,
  DuplicateJobError,
  type Gate,
  gate,
  InvalidParamsError,
  type Job,
  type JobContext,
  type JobEvent,
  type JobFactory,
  JobgateError,
  JobManager,
  JobStopTimeoutError,
  type ManagedJob,
  ManagerClosedError,
  NonRetriableError,
  QueueFullError,
  type RunJobResult,
  type RunOptions,
  type Subject,
  subject,
  UnknownJobTypeError,
  type Unsubscribe,
  WorkerCrashedError,
} from "jobgate";

// ── the shortest one ──
const plain = new JobManager();
export const { type, job } = plain.runJob("report", async ({ signal, progress }) => {
  progress(50);
  const response = await fetch("/report", { signal });
  return response.text();
});
export const shortResult: Promise<string> = job.result;
export const five: Promise<number> = new JobManager().runJob("n", async () => 5).job.result;

// ── helpers of any manager's jobs ──
const pages = async (context: JobContext, count: number) => {
  for (let page = 1; page <= count; page++) {
    context.setState(page);
    await context.checkpoint();
  }
  return count;
};
const numbered = new JobManager<string, number>();
export const counted: Promise<number> = numbered.runJob("report", (context) => pages(context, 3)).job.result;
export const pendingOf = (manager: AnyJobManager) => manager.stats.pending;
export const pendingNow: number = pendingOf(numbered) + pendingOf(plain);

// ── with types ──
type State = { readonly bytes: number };
type Action = { type: "faster" } | { type: "slower"; by: number };
export const downloads = new JobManager<URL, State, Action, Blob>({
  name: "downloads",
  concurrency: 3,
  groupConcurrency: 1,
  rateLimit: { limit: 10, interval: 1000 },
  maxPending: 100,
  paused: true,
  retain: 20,
  defaults: {
    retry: { limit: 3, delay: 100, backoff: "fixed", maxDelay: 1000, jitter: "none", retryIf: (_e, n) => n < 3 },
    timeout: 60_000,
    priority: "background",
    onDuplicate: "queue",
    delay: 0,
    group: "a host",
    name: "download",
  },
});

const download: JobFactory<State, Action, Blob> = async (context) => {
  const leave: Unsubscribe = context.onAction((action) => {
    if (action.type === "slower") context.log(`slower by ${action.by}`);
  });
  context.setState({ bytes: 0 });
  context.setState((previous) => ({ bytes: previous.bytes + 1 }));
  await context.checkpoint();
  context.signal.throwIfAborted();
  leave();
  if (context.attempt > 3) throw new NonRetriableError("no use", { cause: context.id });
  return new Blob();
};

export async function useDownloads(url: URL, signal: AbortSignal): Promise<number> {
  const options: RunOptions<State> = { signal, initialState: { bytes: 0 }, retry: 2, priority: 5 };
  const answer = downloads.runJob(url, download, options);
  if (answer.type === "JOB_ALREADY_RUNNING") return answer.job.state.bytes;
  const running: ManagedJob<URL, State, Action, Blob> = answer.job;
  running.dispatch({ type: "slower", by: 2 });
  running.setPriority("user-blocking");
  running.onStateChange(({ bytes }) => bytes.toFixed());
  running.onProgress(({ percent, message }) => message.padStart(percent));
  running.onStopped(() => {});
  running.continuations.addOrRunNow("save", async (ended, completion) => {
    if (completion.type === "Failed") console.error(ended.key.href, completion.error);
    const blob: Blob = await ended.result;
    await blob.text();
  });
  running.continuations.addOrRunNow("result", ({ completion }) => {
    if (completion?.type === "Normal") completion.result.size.toFixed();
  });
  running.continuations.addOrRunNow("note", (ended) => void ended.state.bytes);
  running.continuations.remove("save");
  const completion: Completion<Blob> = await running.settled;
  switch (completion.type) {
    case "Normal":
      return completion.result.size;
    case "Cancelled":
      throw completion.reason;
    case "Failed":
      throw completion.error;
  }
}

export async function lifecycle(url: URL): Promise<void> {
  const standing = downloads.getRunningJob(url);
  await standing?.stop(new Error("enough"), { timeout: 250 });
  await standing?.stop();
  downloads.concurrency = Number.POSITIVE_INFINITY;
  downloads.pause();
  if (downloads.isPaused) downloads.resume();
  await Promise.all([downloads.onEmpty(), downloads.onIdle(), downloads.stopJob(url, "enough")]);
  const leave = [downloads.subscribe(() => {}), downloads.onKeyChange(url, (changed) => changed?.state.bytes)];
  for (const unsubscribe of leave) unsubscribe();
  const { stats, jobs } = downloads.getSnapshot();
  const sum: number = stats.pending + stats.running + stats.completed + stats.failed + stats.cancelled;
  console.log(
    sum === stats.total,
    jobs.map((one) => one.key.href),
    downloads.jobs("failed").at(0)?.completion,
  );
  await downloads.stopAll("logout");
  await downloads.close();
  await using scoped = new JobManager<number>();
  scoped.runJob(1, () => {});
}

export async function watch(stream: ReadableStream<JobEvent>): Promise<string> {
  for await (const event of stream) {
    switch (event.type) {
      case "job_created":
        return event.job.error?.message ?? event.job.progress.message;
      case "job_retrying":
        return event.error?.name ?? `${event.retry_at}`;
      case "stats_update":
        return `${event.stats.total}`;
      case "job_cancelled":
        return event.reason ?? event.job_id;
      default:
        return event.job_id;
    }
  }
  return "";
}

// ── keys of any kind, bodies of any kind ──
new JobManager<number | null | undefined>().runJob(undefined, () => 1);
new JobManager<object>().runJob({}, async () => {});
new JobManager<string, number, never, string>().runJob("a", () => "at once");
new JobManager<string, number, never, string>().runJob("a", () => Promise.resolve("later"));
new JobManager<string, number, never, void>().runJob("a", ({ setState }) => setState(1));

// ── a job of one's own ──
export function ownJob(): Job<string, Action> {
  const ended: Gate = gate();
  const changes: Subject<string> = subject();
  return {
    state: "begun",
    dispatch: (action) => changes.next(action.type),
    onStateChange: changes.listen,
    stop: async () => ended.open(),
    onStopped: ended.listen,
  };
}
new JobManager<string, string, Action>().runJob("own", ownJob);

export class OwnJob implements Job<number, Action> {
  state = 0;
  readonly #ended = gate();
  dispatch(_action: Action): void {}
  onStateChange(_listener: (state: number) => void): Unsubscribe {
    return () => {};
  }
  stop(): Promise<void> {
    this.#ended.open();
    return this.#ended.wait({ signal: AbortSignal.timeout(10) });
  }
  onStopped(listener: () => void): Unsubscribe {
    return this.#ended.listen(listener);
  }
}
new JobManager<string, number, Action>().runJob("own", () => new OwnJob());

// ── detached, and handed on ──
const { next, listen } = subject<number>();
listen((value) => value.toFixed());
next(1);
const { runJob, subscribe, getSnapshot } = downloads;
export const store = { subscribe, getSnapshot };
export const again: RunJobResult<ManagedJob<URL, State, Action, Blob>> = runJob(new URL("a:b"), download);

/** Generic helpers, the way a binding to a framework is written. */
export function useJob<K, S, A, R>(manager: JobManager<K, S, A, R>, key: K) {
  const found = manager.getRunningJob(key);
  const state: S | undefined = found?.state;
  const run = (factory: JobFactory<S, A, R>, options?: RunOptions<S>) => manager.runJob(key, factory, options);
  return { state, run, job: found as ManagedJob<unknown, S, A, R> | undefined };
}
export const used = useJob(downloads, new URL("a:b"))
  .run(download)
  .job.result.then((blob) => blob.size);

// ── names of the app's own made of those of the package ──
export interface PageJob extends ManagedJob<string, State, never, void> {
  readonly page: string;
  readonly continuations: Continuations<this>;
}
export class Pages extends JobManager<string, State, never, void> {
  open(page: string): Promise<void> {
    return this.runJob(page, async () => {}).job.result;
  }
}
export type Body = (context: JobContext<State, Action>) => Promise<void>;

// ── errors ──
export function explain(error: unknown): string {
  if (error instanceof InvalidParamsError) return error.errors.map(({ param, message }) => param + message).join();
  if (error instanceof JobgateError) return error.code;
  const known = [DuplicateJobError, QueueFullError, ManagerClosedError, JobStopTimeoutError];
  const others = [UnknownJobTypeError, WorkerCrashedError];
  return [...known, ...others].some((kind) => error instanceof kind) ? "known" : "unknown";
}

/** An app's own kinds: with a name and a code of theirs. */
export class Gone extends NonRetriableError {
  override name = "Gone";
  override readonly code = "E_GONE";
}
export function rename(error: JobgateError): boolean {
  error.name = `app: ${error.name}`;
  return error instanceof QueueFullError && error.code === "E_OTHER";
}
export const made = [new NonRetriableError(), new QueueFullError("full"), new DuplicateJobError("twice", { cause: 1 })];
