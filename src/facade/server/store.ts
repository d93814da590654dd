// The jobs as they lie in BullMQ, over Redis or Valkey. What changes one is a single step there; what is read comes from
// there, with its order and times, so that all who read see the same.

import { randomUUID } from "node:crypto";
import { Job, Queue } from "bullmq";
import type { ChainableCommander, Redis } from "ioredis";
import { QueueFullError } from "../errors.js";
import { RunnerError } from "../runner/errors.js";
import { compareRanks } from "../runner/rank.js";
import { hasEnded } from "../support/has-ended.js";
import { messageOf, reasonText } from "../support/look.js";
import { wallNow } from "../support/time.js";
import type { JobRecord, ManagerStats } from "../types.js";
import { ANSWERS, type Connect, storeError } from "./connection.js";
import { couldBeId, scopeKey, storedId, unknownJob } from "./names.js";
import {
  cancelledReason,
  levelOf,
  rankOf,
  type StoredData,
  type StoredFields,
  type StoredJob,
  toJob,
} from "./record.js";
import type { ScriptName } from "./scripts.js";
import { internalError, warn } from "./warn.js";

/** A new job, checked. */
export interface NewJob {
  readonly id: string;
  readonly type: string;
  readonly data: StoredData;
  readonly delay: number;
}

/** How many wait and how many ended ones are kept, of one scope. */
export interface Bounds {
  readonly maxPending: number;
  readonly retain: number;
}

export const PREFIX = "bull";
/** Read at once: a page of a list. */
export const PAGE = 500;
/** BullMQ counts attempts; there is no word for "without end". */
const MANY = 2 ** 31;

export const baseKey = (queue: string) => `${PREFIX}:${queue}:`;

type Script = (bull: string, scope: string, ...rest: (string | number)[]) => Promise<unknown>;

export class JobStore {
  readonly name: string;
  /** What BullMQ's keys begin with. */
  readonly base: string;
  readonly redis: Redis;
  private readonly queue: Queue;
  private warnedOf: string | undefined = undefined;
  /** Once BullMQ's scripts are known to the connection. */
  readonly ready: Promise<void>;

  constructor(connect: Connect, name: string) {
    this.name = name;
    this.base = baseKey(name);
    this.redis = connect(ANSWERS);
    this.queue = new Queue(name, { connection: this.redis, prefix: PREFIX });
    this.queue.on("error", () => {});
    this.ready = this.queue.waitUntilReady().then(() => {});
    this.ready.catch(() => {});
  }

  /** Redis answers, as far as is known. */
  get isConnected(): boolean {
    return this.redis.status === "ready";
  }

  private async run(script: ScriptName, scope: string, ...rest: (string | number)[]): Promise<unknown> {
    try {
      const command = (this.redis as unknown as Record<ScriptName, Script>)[script];
      return await command.call(this.redis, this.base, scopeKey(this.base, scope), ...rest);
    } catch (error) {
      throw this.failure(error);
    }
  }

  /** Of the same words there is one warning: what Redis refuses it is asked again and again. */
  private failure(error: unknown): Error {
    const told = storeError(error);
    if (told !== undefined) return told;
    const words = messageOf(error);
    if (this.warnedOf !== words) warn(error);
    this.warnedOf = words;
    return internalError(error);
  }

  /** The job, and whether it is new: a known id's is the one that stands, finished or not. */
  async create(
    scope: string,
    { id, type, data, delay }: NewJob,
    bounds: Bounds,
  ): Promise<{ job: StoredJob; isNew: boolean }> {
    const stored = storedId(scope, id);
    const limit = data.retry === undefined ? 0 : (data.retry.limit ?? MANY);
    const options = {
      priority: levelOf(data.priority),
      attempts: Math.min(limit, MANY) + 1,
      stackTraceLimit: 3,
      ...(delay > 0 && { delay }),
      ...(data.retry !== undefined && { backoff: { type: "jobgate" } }),
    };
    const admitted = await this.transaction((transaction) => {
      const job = new Job(this.queue, type, data, options, stored);
      void job.addJob(transaction as never);
      const retain = bounds.retain === Infinity ? "" : bounds.retain;
      const most = bounds.maxPending === Infinity ? 1e15 : bounds.maxPending;
      (transaction as unknown as Record<"jgAdmit", Script>).jgAdmit(
        this.base,
        scopeKey(this.base, scope),
        stored,
        most,
        retain,
        data.priority,
      );
    });
    const [verdict, fields] = admitted as [string, StoredFields?];
    if (verdict === "full") throw new QueueFullError(`${bounds.maxPending} jobs are pending`);
    const job = fields && toJob(stored, fields);
    if (job === undefined) throw new RunnerError(`Job "${id}" was removed at once`, "E_REFUSED");
    return { job, isNew: verdict === "new" };
  }

  /** What the last command of it has answered. May be done twice. */
  private async transaction(fill: (transaction: ChainableCommander) => void, isAgain = false): Promise<unknown> {
    try {
      // Redis may be away for long, and BullMQ waits for it.
      if (!this.isConnected) await this.redis.ping();
      const client = await this.queue.getBackend().client;
      const transaction = client.multi() as unknown as ChainableCommander;
      fill(transaction);
      const answers = (await transaction.exec()) ?? [];
      for (const [error] of answers) if (error !== null) throw error;
      return answers.at(-1)?.[1];
    } catch (error) {
      if (isAgain || !messageOf(error).startsWith("NOSCRIPT")) throw this.failure(error);
    }
    // The driver takes a script for loaded once it was sent, also where that was refused; on a new line it sends it again.
    this.redis.disconnect(true);
    return this.transaction(fill, true);
  }

  async get(scope: string, id: string): Promise<StoredJob | undefined> {
    if (!couldBeId(id)) return undefined;
    const [job] = await this.read(scope, [storedId(scope, id)]);
    return job;
  }

  /** By their ids in the store; those that are no longer known are left out. */
  async read(scope: string, stored: readonly string[]): Promise<StoredJob[]> {
    return (await this.readWithGone(scope, stored)).filter(({ isGone }) => !isGone);
  }

  /** Also those that were let go of a moment ago. */
  async readWithGone(scope: string, stored: readonly string[]): Promise<StoredJob[]> {
    if (stored.length === 0) return [];
    const answers = (await this.run("jgRead", scope, ...stored)) as (StoredFields | null)[];
    return answers.flatMap((fields, at) => (fields === null ? [] : (toJob(stored[at]!, fields) ?? [])));
  }

  /** Running, then pending in the order they will start, then finished, newest first, a page at a time. */
  async *list(scope: string): AsyncGenerator<readonly StoredJob[], void, void> {
    const [places, ended] = (await this.run("jgOrder", scope)) as [string[], string[]];
    const living: { stored: string; rank: readonly number[] }[] = [];
    for (let at = 0; at < places.length; at += 3) {
      const rank = rankOf(places[at + 1]!, Number(places[at + 2]), {} as JobRecord, at);
      living.push({ stored: places[at]!, rank });
    }
    living.sort((one, other) => compareRanks(one.rank, other.rank));
    const all = [...living.map(({ stored }) => stored), ...ended];
    const pageAt = (at: number) => {
      const page = this.read(scope, all.slice(at, at + PAGE));
      page.catch(() => {});
      return page;
    };
    // The next one is on its way while this one is looked at.
    let next = pageAt(0);
    for (let at = 0; at < all.length; at += PAGE) {
      const page = await next;
      if (at + PAGE < all.length) next = pageAt(at + PAGE);
      yield page;
    }
  }

  /** False: unknown or ended. True: asked, or ended at once where it was pending. */
  async cancel(scope: string, id: string, reason?: unknown): Promise<boolean> {
    if (!couldBeId(id)) return false;
    const words = reasonText(reason);
    const stop = JSON.stringify(words === undefined ? {} : { reason: words });
    const asker = randomUUID();
    const done = await this.run("jgCancel", scope, storedId(scope, id), wallNow(), stop, cancelledReason(words), asker);
    return Number(done) > 0;
  }

  /** False: unknown or ended. */
  async setPriority(scope: string, id: string, priority: number): Promise<boolean> {
    if (!couldBeId(id)) return false;
    return Number(await this.run("jgPriority", scope, storedId(scope, id), levelOf(priority), priority)) > 0;
  }

  /** What a finished job was made of; rejects with E_UNKNOWN_JOB or E_NOT_FINISHED. */
  async again(scope: string, id: string): Promise<{ readonly type: string; readonly data: StoredData }> {
    const job = await this.get(scope, id);
    if (job === undefined) throw unknownJob(String(id));
    const { type, priority } = job.record;
    if (!hasEnded(job.record)) throw new RunnerError(`Job "${id}" has not finished`, "E_NOT_FINISHED");
    const data = await this.redis.hget(this.base + storedId(scope, id), "data").catch((error) => {
      throw this.failure(error);
    });
    if (data === null) throw unknownJob(id);
    return { type, data: { ...(JSON.parse(data) as StoredData), priority } };
  }

  /** How many finished jobs were let go of. `ids`: of these. */
  async clear(scope: string, ids?: readonly string[]): Promise<number> {
    let count = 0;
    if (ids === undefined) {
      for (let gone = PAGE; gone === PAGE; count += gone) gone = Number(await this.run("jgClear", scope, PAGE));
      return count;
    }
    for (let at = 0; at < ids.length; at += PAGE) {
      const page = ids.slice(at, at + PAGE).map((id) => storedId(scope, id));
      count += Number(await this.run("jgClearThese", scope, ...page));
    }
    return count;
  }

  /** Ended jobs are counted since the scope's first. */
  async stats(scope: string): Promise<ManagerStats> {
    const numbers = ((await this.run("jgCounts", scope)) as (string | number)[]).map(Number);
    const [living = 0, running = 0, completed = 0, failed = 0, cancelled = 0, total = 0] = numbers;
    return { pending: Math.max(living - running, 0), running, completed, failed, cancelled, total };
  }

  async close(): Promise<void> {
    await this.queue.close().catch(() => {});
    this.redis.disconnect();
  }
}
