// `events()`: what happens, as a stream that a slow reader cannot make grow without bound. Five thousand unread events are
// kept as they came (support/unread.ts); of more, a handful for each job that is there or that the reader has heard of
// (support/condense.ts).

import { condense, newestOnly } from "../support/condense.js";
import { type EventQueue, eventQueue } from "../support/event-queue.js";
import type { JobEvent, Unsubscribe } from "../types.js";
import { addListener, CHANNEL, LATCHED, ListenerTable, SOURCE } from "../wasm/listeners.js";
import { endEventOf, recordOf } from "./events.js";
import { subscribeIn } from "./listen.js";
import type { AnyJob, Told } from "./record.js";

/** The job as it stands, then what follows, then the end. */
export function jobStream(job: AnyJob): ReadableStream<JobEvent> {
  let leave: Unsubscribe = () => {};
  const queue = eventQueue<JobEvent>(() => leave(), condense);
  queue.push({ type: "job_created", job: recordOf(job) });
  const number = job.slot < 0 ? LATCHED : addListener(SOURCE.job, job.slot, CHANNEL.event);
  if (number < 0) {
    queue.push(endEventOf(job));
    queue.close();
    return queue.stream;
  }
  const cold = job.coldData();
  cold.listeners ??= new ListenerTable();
  const streams = (cold.streams ??= new Set());
  streams.add(queue.fail);
  const unsubscribe = subscribeIn(cold.listeners, number, ({ event }: Told) => {
    if (event.type === "job_removed") return;
    queue.push(event, newestOnly(event));
    if (event.type === "job_completed" || event.type === "job_failed" || event.type === "job_cancelled") queue.close();
  });
  leave = () => {
    unsubscribe();
    streams.delete(queue.fail);
  };
  return queue.stream;
}

export interface StreamedManager {
  readonly streams: Set<EventQueue<JobEvent>>;
  onEvent(listener: (told: Told) => void): Unsubscribe;
  /** If it is closed and nothing is left to happen: once all that has happened is told. */
  endStreams(): void;
}

/** All that happens in a manager from here on; ends when it is closed and idle. */
export function managerStream(manager: StreamedManager): ReadableStream<JobEvent> {
  let unsubscribe: Unsubscribe = () => {};
  const queue = eventQueue<JobEvent>(() => {
    unsubscribe();
    manager.streams.delete(queue);
  }, condense);
  unsubscribe = manager.onEvent(({ event }) => queue.push(event, newestOnly(event)));
  manager.streams.add(queue);
  manager.endStreams();
  return queue.stream;
}
