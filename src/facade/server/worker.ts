import { hostname } from "node:os";
import type { Job } from "bullmq";
import type { Redis } from "ioredis";
import { asyncDispose } from "../job/completion.js";
import { JobManager } from "../manager/job-manager.js";
import { checkNumber, checkObject, checkString } from "../support/check.js";
import { fieldOf, messageOf } from "../support/look.js";
import { chance, clearTimer, longestTimeout, setTimer } from "../support/time.js";
import type { Millis } from "../types.js";
import { Attempt, type AttemptHost } from "./attempt.js";
import { PATIENT } from "./connection.js";
import { Follower } from "./follow.js";
import { Locks } from "./locks.js";
import { checkServerOptions } from "./options.js";
import { isRefusal, PacedWorker } from "./paced-worker.js";
import type { StoredData } from "./record.js";
import { waitBefore } from "./retry.js";
import { baseKey, PREFIX } from "./store.js";
import { Threads } from "./threads.js";
import type { QueueWorkerOptions } from "./types.js";
import { warn } from "./warn.js";
import { Held, isNumbered } from "./worker-store.js";

/** A worker that closes waits so long for a Redis that does not answer, or has no memory. */
const PATIENCE = 5000;
const LOOK = 250;
/** Under a rate limit it looks this often whether it may take more, and closes that much later at the most. */
const LONGEST_REST = 1000;

interface CheckedWorkerOptions {
  readonly concurrency: number;
  readonly lock: Millis;
  readonly maxLost: number;
  readonly name: string;
  readonly limiter: { readonly max: number; readonly duration: Millis } | undefined;
}

/**
 * Takes jobs and runs them. Any number of processes, on any number of machines.
 *
 * Each attempt runs under a manager of this package. `id` and `attempt` of a body's context together name it: a job whose
 * worker was lost is started again by another, with the next attempt's number, and what the lost one still says or
 * returns is refused.
 */
export class QueueWorker {
  /** Resolves once it takes jobs; while Redis is away, it waits. */
  readonly ready: Promise<void>;
  private readonly host: AttemptHost;
  private readonly queue: string;
  private readonly redis: Redis;
  private readonly worker: PacedWorker;
  private readonly locks: Locks;
  private readonly follower: Follower;
  private readonly attempts = new Map<string, Attempt>();
  private closing: Promise<void> | undefined = undefined;
  private isClosed = false;
  /** Redis refuses what it is told, and a warning has said so. */
  private isRefused = false;

  constructor(options: QueueWorkerOptions) {
    const { connect, queue, types } = checkServerOptions(options);
    const { concurrency, lock, maxLost, name, limiter } = checkWorkerOptions(options);
    // Works detached.
    this.close = this.close.bind(this);
    this.host = {
      types,
      threads: new Threads(types, concurrency),
      manager: new JobManager<string>({ name: "QueueWorker" }),
      isClosing: false,
    };
    this.queue = queue;
    this.redis = connect(PATIENT);
    // Three parameters, or BullMQ gives no signal.
    this.worker = new PacedWorker(queue, (job, token, _signal) => this.process(job, token ?? ""), {
      connection: this.redis,
      prefix: PREFIX,
      concurrency,
      name,
      lockDuration: lock,
      skipLockRenewal: true,
      stalledInterval: lock,
      maxStalledCount: maxLost,
      // What could not be told for want of a connection is told soon after there is one, while the lock still lasts.
      runRetryDelay: 500,
      ...(limiter !== undefined && { limiter }),
      // BullMQ ends no such wait that begins while it closes.
      maximumRateLimitDelay: LONGEST_REST,
      settings: { backoffStrategy: (attempts, _type, _error, job) => waitBefore(attempts, job?.data.retry, chance()) },
    });
    const failed = (error: unknown) => this.failed(error);
    const renewed = (ids: readonly string[]) => void this.readMarks(ids);
    this.locks = new Locks(this.worker, { attempts: this.attempts, lock, renewed, failed });
    // Something was done: what is refused after that is refused anew.
    for (const event of ["active", "completed", "drained"] as const) {
      this.worker.on(event, () => {
        this.isRefused = false;
      });
    }
    this.worker.on("failed", (job) => void this.afterFailure(job));
    this.worker.on("error", failed);
    this.follower = new Follower(connect, queue, {
      control: (message) => {
        // What is heard again may be of an earlier job of that id.
        if (message.type === "stop") void this.readMarks([message.id]);
      },
      missed: () => void this.readMarks([...this.attempts.keys()]),
    });
    this.ready = Promise.all([this.worker.waitUntilReady(), this.follower.ready]).then(() => {});
    this.ready.catch(() => {});
  }

  private async process(job: Job<StoredData>, token: string): Promise<unknown> {
    const stored = job.id!;
    const held = new Held(this.redis, this.queue, stored, token, job.attemptsStarted);
    const attempt = new Attempt(this.host, job, held);
    // The one before it may still be here: it has lost the job.
    this.attempts.get(stored)?.lose();
    this.attempts.set(stored, attempt);
    try {
      return await attempt.run();
    } finally {
      if (this.attempts.get(stored) === attempt) this.attempts.delete(stored);
    }
  }

  /** Of what Redis refuses, and is asked again until it does not, once. */
  private failed(error: unknown): void {
    if (isExpected(error)) return;
    if (!isRefusal(error)) warn(error);
    else if (!this.isRefused) {
      this.isRefused = true;
      const message = `Redis refuses what it is told, and is told again until it does not: ${messageOf(error)}`;
      warn(new Error(message, { cause: error }));
    }
  }

  /** At each renewal of locks, so that no news is missed for long. */
  private async readMarks(ids: readonly string[]): Promise<void> {
    try {
      await Promise.all(
        ids.map(async (id) => {
          const attempt = this.attempts.get(id);
          const mark = attempt && (await this.redis.hget(baseKey(this.queue) + id, "jg:stop"));
          if (mark != null) attempt?.cancel(mark);
        }),
      );
    } catch {
      // At the next.
    }
  }

  /** It may be going to wait for another attempt. */
  private async afterFailure(job: Job<StoredData> | undefined): Promise<void> {
    if (job?.id === undefined || job.finishedOn !== undefined) return;
    await new Held(this.redis, this.queue, job.id, "", 0).endIfAsked().catch(() => {});
  }

  /**
   * Takes no more, lets what runs end; after `timeout` (0 or more, default Infinity) asks it to stop, and hands it back to
   * the queue, where it is started again as its next attempt. What was taken and has not been called yet goes back at
   * once. Again: the same promise.
   */
  close(options: { timeout?: Millis } = {}): Promise<void> {
    checkObject("options", options);
    const timeout = checkNumber("timeout", options.timeout, Infinity);
    if (!(timeout >= 0)) throw new RangeError(`timeout must be a number of milliseconds, 0 or more, got ${timeout}`);
    this.closing ??= this.end(timeout);
    return this.closing;
  }

  private async end(timeout: Millis): Promise<void> {
    this.host.isClosing = true;
    const handBack = () => {
      for (const attempt of this.attempts.values()) attempt.handBack();
    };
    const timer = timeout > longestTimeout() ? undefined : setTimer(handBack, timeout);
    await Promise.race([this.worker.close(), this.hopeless()]);
    this.isClosed = true;
    clearTimer(timer);
    this.locks.close();
    this.follower.close();
    await this.host.threads.close();
    await this.host.manager.close();
    this.redis.disconnect();
  }

  /** No body runs, and Redis, which is to hear of it, has been mute, or full, for long: the locks it has will run out. */
  private async hopeless(): Promise<void> {
    let isAsked = false;
    const answered = () => {
      isAsked = false;
    };
    for (let away = 0; away < PATIENCE && !this.isClosed; ) {
      if (!isAsked) {
        isAsked = true;
        this.redis.ping().then(answered, answered);
      }
      await new Promise<void>((resolve) => setTimer(resolve, LOOK));
      const attempts = [...this.attempts.values()];
      const isBusy = attempts.some((attempt) => attempt.isRunning);
      const isAway = isAsked || attempts.some((attempt) => attempt.isRefused);
      away = !isBusy && isAway ? away + LOOK : 0;
    }
  }

  get [asyncDispose](): () => Promise<void> {
    return this.close;
  }
}

/** Locks that are lost, of which BullMQ's numbers tell, and a Redis that is away: both are dealt with here. */
function isExpected(error: unknown): boolean {
  if (isNumbered(error)) return true;
  return /Connection is closed|ECONN|EPIPE|ETIMEDOUT|EAI_AGAIN|ENOTFOUND|LOADING/.test(
    `${messageOf(error)} ${fieldOf(error, "code")}`,
  );
}

function checkWorkerOptions(options: QueueWorkerOptions): CheckedWorkerOptions {
  const { rateLimit } = options;
  checkObject("rateLimit", rateLimit);
  return {
    concurrency: needInteger("concurrency", options.concurrency, 3, 1),
    lock: needInteger("lock", options.lock, 30_000, 1000),
    maxLost: needInteger("maxLost", options.maxLost, 3, 0),
    name: checkString("name", options.name) ?? `${hostname()}-${process.pid}`,
    limiter: rateLimit && {
      max: needInteger("rateLimit.limit", rateLimit.limit, undefined, 1),
      duration: needInteger("rateLimit.interval", rateLimit.interval, undefined, 1),
    },
  };
}

function needInteger(field: string, value: unknown, fallback: number | undefined, least: number): number {
  const number = value === undefined && fallback !== undefined ? fallback : checkNumber(field, value, NaN);
  if (Number.isSafeInteger(number) && number >= least) return number;
  throw new RangeError(`${field} must be an integer of at least ${least}, got ${number}`);
}
