// What the routes ask of a queue: any JobQueue has it, and a JobRunner.

import type { TypeDescription, WatchEvent } from "../runner/types.js";
import { checkObject, needFunction } from "../support/check.js";
import { fieldOf } from "../support/look.js";
import { clearTimer, setTimer } from "../support/time.js";
import type { JobRecord, ManagerStats, Priority, Unsubscribe } from "../types.js";

/** What of a request goes on to `createJob`. */
export interface RequestedOptions {
  readonly id?: string;
  readonly key?: string;
  readonly priority?: Priority;
  readonly delay?: number;
}

type Promised<T> = T | PromiseLike<T>;

/** What `jobHandler` answers for: a `JobRunner`, a `SharedRunner`, or any queue like a `QueueClient`. */
export interface HandledQueue {
  createJob(type: string, params?: Record<string, unknown>, options?: RequestedOptions): Promised<JobRecord>;
  getJob(id: string): Promised<JobRecord | undefined>;
  /**
   * Of a queue whose `getJob` may not have heard yet of what others have done: asks who knows. Such a queue is not waited
   * for: it says itself at once that it can't be asked.
   */
  findJob?(id: string): Promised<JobRecord | undefined>;
  getAllJobs(): Promised<readonly JobRecord[]>;
  cancelJob(id: string): Promised<boolean>;
  retryJob(id: string): Promised<JobRecord>;
  getQueueStats(): Promised<ManagerStats>;
  watch(id: string): Promised<ReadableStream<WatchEvent>>;
  subscribe(listener: () => void): Unsubscribe;
  /** `connected`: false while it can't be reached, and what it says it knows may be out of date. */
  getSnapshot(): { readonly stats?: ManagerStats; readonly connected?: boolean };
  /** Of a queue that loads first what it knows: when it has. */
  readonly ready?: PromiseLike<unknown>;
  /** Without it, `job-types` is answered with 501. */
  getJobTypes?(): Promised<readonly TypeDescription[]>;
  /** Without it, the capacity is told as null. */
  getWorkerStats?(): Promised<{ readonly active: number; readonly capacity: number }>;
  /** Without it, a stream that is taken up again begins with the present state. */
  eventStream?(id: string, options?: { lastEventId?: string }): ReadableStream<Uint8Array>;
}

const NEEDED = ["createJob", "getJob", "getAllJobs", "cancelJob", "retryJob", "getQueueStats", "watch"] as const;

export function needQueue(queue: HandledQueue): void {
  if (queue === undefined) throw new TypeError("queue must be an object, got undefined");
  checkObject("queue", queue);
  for (const name of [...NEEDED, "subscribe", "getSnapshot"] as const) needFunction(`queue.${name}`, queue[name]);
}

/** Milliseconds that a request waits for a queue to be reached. */
const LONGEST_WAIT = 5000;

/** By their first snapshot, which may take as long as its list of jobs is: queues that are never away. */
const local = new WeakSet<HandledQueue>();

/** A client has it beside its snapshot. */
function connectedOf(queue: HandledQueue): boolean | undefined {
  const own = fieldOf(queue, "connected");
  return typeof own === "boolean" ? own : queue.getSnapshot().connected;
}

/** Whether what the queue says it knows is what there is. Waits for one that is not reached yet. */
export async function isReached(queue: HandledQueue): Promise<boolean> {
  await queue.ready;
  if (local.has(queue)) return true;
  const isAway = () => connectedOf(queue) === false;
  if (connectedOf(queue) === undefined) local.add(queue);
  if (!isAway()) return true;
  // It does not come back.
  if (fieldOf(queue, "gone") !== undefined) return false;
  let leave = () => {};
  const reached = await new Promise<boolean>((resolve) => {
    const unsubscribe = queue.subscribe(() => isAway() || resolve(true));
    const timer = setTimer(() => resolve(false), LONGEST_WAIT);
    leave = () => {
      clearTimer(timer);
      unsubscribe();
    };
  });
  leave();
  return reached;
}
