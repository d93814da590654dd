// One attempt of a job: run under jobgate's own manager, and what came of it told to the store, if it is still this
// attempt's to tell.

import { type Job, UnrecoverableError, WaitingError } from "bullmq";
import { UnknownJobTypeError } from "../errors.js";
import type { JobManager } from "../manager/job-manager.js";
import { errorRecord } from "../manager/seam.js";
import { carry, clip, clipError } from "../runner/plain.js";
import type { TaskContext } from "../runner/types.js";
import { fieldOf, messageOf, textOf } from "../support/look.js";
import { mayRetry } from "../support/retry-rules.js";
import type { Completion, JobContext, ManagedJob } from "../types.js";
import { partsOf } from "./names.js";
import type { ServerTypes } from "./options.js";
import { cancelledReason, failedReason, type StoredData } from "./record.js";
import { Reports } from "./reports.js";
import type { Threads } from "./threads.js";
import { warn } from "./warn.js";
import type { Held } from "./worker-store.js";

/** Another has the job, or may have it: what this attempt still does counts for nothing. */
export class LostJobError extends Error {
  override name: string = "LostJobError";
  readonly code = "E_LOST_OWNERSHIP";
}

/** The worker closes: the job goes back to the queue. */
class HandedBackError extends Error {
  override name: string = "HandedBackError";
}

export interface AttemptHost {
  readonly types: ServerTypes;
  readonly threads: Threads;
  readonly manager: JobManager<string>;
  /** The worker closes, and takes no more. */
  isClosing: boolean;
}

export class Attempt {
  private readonly host: AttemptHost;
  private readonly job: Job<StoredData>;
  private readonly held: Held;
  private readonly type: string;
  private readonly id: string;
  private running: ManagedJob<string> | undefined = undefined;
  private stopped: { readonly reason: unknown } | undefined = undefined;
  private cancelled: { readonly reason?: string } | undefined = undefined;
  private isLost = false;
  private isHandedBack = false;
  private isUnfit = false;

  constructor(host: AttemptHost, job: Job<StoredData>, held: Held) {
    this.host = host;
    this.job = job;
    this.held = held;
    this.type = job.name;
    this.id = partsOf(job.id!)?.id ?? job.id!;
  }

  /** Somebody has asked the job to end. `stop`: as it lies in the store. */
  cancel(stop: string): void {
    if (this.cancelled !== undefined) return;
    this.cancelled = readStop(stop);
    this.stop(new DOMException(this.cancelled.reason ?? "The job was cancelled", "AbortError"));
  }

  /** Its lock is another's, or nobody's. */
  lose(): void {
    this.isLost = true;
    this.stop(new LostJobError("Another worker may have the job: its lock could not be renewed"));
  }

  handBack(): void {
    this.isHandedBack = true;
    this.stop(new HandedBackError("The worker closes: the job goes back to the queue"));
  }

  get token(): string {
    return this.held.token;
  }

  /** It has something to say that the store does not take. */
  get isRefused(): boolean {
    return this.held.isRefused;
  }

  /** Its body has been called, and has not settled. */
  get isRunning(): boolean {
    return this.running !== undefined && this.running.completion === undefined;
  }

  private stop(reason: unknown): void {
    this.stopped ??= { reason };
    void this.running?.stop(this.stopped.reason);
  }

  /** What BullMQ is to store; throws what it is to store as a failure. */
  async run(): Promise<unknown> {
    if (this.host.isClosing) return this.giveBack();
    this.heed(await this.held.start());
    if (this.isLost) throw new LostJobError("The job's lock was gone before it began");
    // Asked to end before its body was called: it never is.
    this.throwIfCancelled();
    if (this.host.isClosing) return this.giveBack();
    const reports = new Reports(this.held);
    const completion = await this.execute(reports);
    await reports.end();
    if (this.isLost) throw new LostJobError("Another worker may have the job: this result is refused");
    if (completion.type === "Cancelled" && this.isHandedBack && this.cancelled === undefined) return this.giveBack();
    if (completion.type === "Normal") return this.complete(completion.result, reports);
    if (completion.type === "Failed") return this.fail(completion.error);
    this.throwIfCancelled();
    throw new UnrecoverableError(cancelledReason(messageOf(completion.reason)));
  }

  private async execute(reports: Reports): Promise<Completion> {
    const { manager } = this.host;
    const { timeout } = this.job.data;
    const body = (context: JobContext) => this.body(context, reports);
    const options = { name: this.type, ...(timeout !== undefined && { timeout }) };
    const { job } = manager.runJob(`${this.job.id}#${this.job.attemptsStarted}`, body, options);
    this.running = job as ManagedJob<string>;
    job.onProgress((progress) => reports.progress(progress));
    // What it has said already.
    if (job.progress.percent > 0 || job.progress.message !== "") reports.progress(job.progress);
    if (this.stopped !== undefined) void job.stop(this.stopped.reason);
    return job.settled;
  }

  private async body(context: JobContext, reports: Reports): Promise<unknown> {
    const { types, threads } = this.host;
    // Who made it may have other types: what is wrong here is wrong at the next attempt.
    this.isUnfit = true;
    if (types.get(this.type) === undefined) {
      const known = types.names().join(", ");
      throw new UnknownJobTypeError(`This worker has no job type "${this.type}"; it has: ${known}`);
    }
    const params = types.runner.needValid(this.type, this.job.data.params);
    this.isUnfit = false;
    const { signal, progress, checkpoint } = context;
    const given: TaskContext = {
      id: this.id,
      attempt: this.job.attemptsStarted,
      signal,
      progress,
      log: (message) => {
        context.log(message);
        reports.log(clip(textOf(message)));
      },
      checkpoint,
    };
    return threads.get(this.type)(structuredClone(params), given);
  }

  private async complete(result: unknown, reports: Reports): Promise<unknown> {
    const { value, lost } = carry(result);
    if (lost !== undefined) {
      reports.log(lost);
      await reports.end();
    }
    await this.seal();
    return { result: value };
  }

  private async fail(error: unknown): Promise<never> {
    const reason = failedReason(clipError(errorRecord(error)));
    const isLast = this.job.attemptsMade + 1 >= (this.job.opts.attempts ?? 1) || !this.mayRetry(error);
    if (!isLast) throw withStack(new Error(reason), error);
    await this.seal();
    throw withStack(new UnrecoverableError(reason), error);
  }

  private mayRetry(error: unknown): boolean {
    const { retryIf } = this.host.types.get(this.type) ?? {};
    return !this.isUnfit && mayRetry(retryIf, error, this.job.attemptsStarted, warn);
  }

  /** Who cancels from here on is told that it is too late. */
  private async seal(): Promise<void> {
    this.heed(await this.held.seal());
    if (this.isLost) throw new LostJobError("Another worker has the job: this result is refused");
    this.throwIfCancelled();
  }

  private throwIfCancelled(): void {
    if (this.cancelled !== undefined) throw new UnrecoverableError(cancelledReason(this.cancelled.reason));
  }

  private heed({ isHeld, stop }: { readonly isHeld: boolean; readonly stop: string | null }): void {
    if (!isHeld) this.isLost = true;
    else if (stop !== null) this.cancelled ??= readStop(stop);
  }

  private async giveBack(): Promise<never> {
    await this.held.patiently(() => this.job.moveToWait(this.held.token));
    await this.held.endIfAsked();
    throw new WaitingError();
  }
}

/** Which BullMQ's own tools show. */
function withStack(told: Error, thrown: unknown): Error {
  const stack = fieldOf(thrown, "stack");
  told.stack = clip(typeof stack === "string" ? stack : textOf(thrown));
  return told;
}

function readStop(stop: string): { readonly reason?: string } {
  return JSON.parse(stop) as { readonly reason?: string };
}
