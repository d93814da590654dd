// One scope's queue as one user may use it: what sessions and routes ask, and server code.

import { RunnerError } from "../../runner/errors.js";
import type { ServedQueue } from "../../runner/served.js";
import type { JobQueue, QueueCreateOptions, TypeDescription } from "../../runner/types.js";
import { needFunction } from "../../support/check.js";
import { hasEnded } from "../../support/has-ended.js";
import { textOf } from "../../support/look.js";
import type { JobRecord, Priority } from "../../types.js";
import { priorityNumber } from "../../wasm/options.js";
import { couldBeId, unknownJob } from "../names.js";
import { newJob } from "../new-job.js";
import type { ServerTypes } from "../options.js";
import type { Bounds, JobStore } from "../store.js";
import type { InTurn } from "./in-turn.js";
import type { Scope } from "./scope.js";
import type { Action } from "./types.js";

export interface ViewParts {
  readonly scope: Scope;
  readonly store: JobStore;
  readonly types: ServerTypes;
  readonly bounds: Bounds;
  /** Of the gateway's changes. */
  readonly turn: InTurn;
  /** Undefined: everything. */
  readonly may: ((action: Action, job: JobRecord) => boolean) | undefined;
}

export type ScopeView = JobQueue &
  ServedQueue & {
    readonly ready: Promise<void>;
    getJobTypes(): readonly TypeDescription[];
  };

export function viewOf({ scope, store, types, bounds, turn, may }: ViewParts): ScopeView {
  const need = (action: Action, job: JobRecord | undefined) => {
    if (job === undefined || may === undefined || may(action, job) === true) return;
    throw new RunnerError(`You may not ${action} the job "${job.id}"`, "E_FORBIDDEN");
  };

  /** As it is known here, or as it is in the store, where nothing was heard of it yet. */
  async function find(id: string): Promise<JobRecord | undefined> {
    return scope.get(id) ?? (await store.get(scope.name, id))?.record;
  }

  /** What the store has done is told to all before whoever asked hears of it; it is done also where that fails. */
  async function told(id: string): Promise<void> {
    await scope.refresh(id).catch(() => {});
  }

  async function add(job: ReturnType<typeof newJob>): Promise<JobRecord> {
    const { id, type, data, delay } = job;
    if (may !== undefined) need("create", draft(id, type, data.params, data.priority));
    const { job: made } = await turn.run(() => store.create(scope.name, { id, type, data, delay }, bounds));
    await told(id);
    return scope.get(id) ?? made.record;
  }

  return Object.freeze({
    get ready() {
      return scope.loaded();
    },
    async createJob(type: string, params?: Record<string, unknown>, options?: QueueCreateOptions): Promise<JobRecord> {
      return add(newJob(types, type, params, options));
    },
    getJob: (id: string) => scope.get(id),
    getAllJobs: () => scope.getSnapshot().jobs,
    async cancelJob(id: string, reason?: unknown): Promise<boolean> {
      if (may !== undefined) need("cancel", await find(id));
      const isDone = await turn.run(() => store.cancel(scope.name, id, reason));
      // Of one that had ended, too: who asks again, since its answer got lost, sees by its end what it has done.
      if (couldBeId(id)) await told(id);
      return isDone;
    },
    async setPriority(id: string, priority: Priority): Promise<boolean> {
      const level = priorityNumber(priority);
      if (!Number.isFinite(level)) throw new RangeError(`priority must be a finite number, got ${level}`);
      if (may !== undefined) {
        const job = await find(id);
        need("create", job && { ...job, priority: level });
      }
      const isDone = await turn.run(() => store.setPriority(scope.name, id, level));
      if (isDone) await told(id);
      return isDone;
    },
    async retryJob(id: string): Promise<JobRecord> {
      if (may !== undefined) need("retry", await find(id));
      const { type, data } = await store.again(scope.name, id);
      const { params, priority, timeout } = data;
      const retry = data.retry && { ...data.retry, limit: data.retry.limit ?? Infinity };
      // It had none, whatever its type has by default.
      const more = { priority, timeout: timeout ?? Infinity, ...(retry !== undefined && { retry }) };
      return add(newJob(types, type, params, more));
    },
    async clearCompleted(): Promise<number> {
      const ended = scope.getSnapshot().jobs.filter(hasEnded);
      for (const job of ended) need("clear", job);
      const ids = ended.map(({ id }) => id);
      // What has ended unseen was not asked about.
      const count = await store.clear(scope.name, may && ids);
      await Promise.all(ids.map(told));
      return count;
    },
    getQueueStats: () => scope.stats,
    watch(id: string) {
      const record = scope.get(id);
      if (record === undefined) throw unknownJob(textOf(id));
      if (!scope.getSnapshot().connected)
        throw new RunnerError("The store of the queue does not answer", "E_DISCONNECTED");
      return scope.watch(record);
    },
    subscribe(listener: () => void) {
      needFunction("listener", listener);
      return scope.subscribe(listener);
    },
    getSnapshot: () => scope.getSnapshot(),
    getJobTypes: () => types.runner.all(),
  });
}

/** What is to be, for who says whether it may. */
function draft(id: string, type: string, params: unknown, priority: number): JobRecord {
  const progress = { percent: 0, message: "" };
  return { id, type, params, status: "pending", progress, priority, attempt: 0, created_at: Date.now() };
}
