// One job's events as a stream: of objects, or of bytes for a Response.

import { eventQueue } from "../support/event-queue.js";
import { wallNow } from "../support/time.js";
import type { JobEvent, JobRecord, Unsubscribe } from "../types.js";
import { isEnd } from "./events.js";
import type { News } from "./news.js";
import { carryResult } from "./plain.js";
import type { Task } from "./task.js";
import type { WatchEvent } from "./types.js";
import { type Rules, WasmRunner } from "./wasm.js";
import { CHANGE } from "./wire.js";

export interface Watched {
  readonly task: Task;
  readonly rules: Rules;
  readonly news: News;
  record(): JobRecord;
}

type Told = (event: WatchEvent, number: number, key?: string) => void;

function statusEvent({ status, started_at }: JobRecord): WatchEvent {
  return { event: "status", data: { status, ...(started_at !== undefined && { started_at }) } };
}

/** How an ended job ended. */
function endEvent(task: Task, record: JobRecord, reason?: string): WatchEvent {
  const { result, error } = record;
  if (record.status === "completed") {
    return { event: "complete", data: { status: "completed", result, duration: task.duration } };
  }
  if (record.status === "failed") return { event: "failed", data: { status: "failed", error } };
  return { event: "cancelled", data: { status: "cancelled", ...(reason !== undefined && { reason }) } };
}

function reasonOf(event: JobEvent): string | undefined {
  return event.type === "job_cancelled" ? event.reason : undefined;
}

/** What a listener that comes now is told of the present, then of what follows. Ends with the job. */
function follow(
  watched: Watched,
  lastEventId: string | undefined,
  told: Told,
  end: (failure?: Error) => void,
): Unsubscribe {
  const { task, rules, record } = watched;
  const first = rules.resume(task.number, lastEventId);
  for (let at = 0; at < first.length; at += 2) {
    const number = first[at]!;
    const what = first[at + 1]!;
    const now = record();
    if (what === CHANGE.status) told(statusEvent(now), number);
    else if (what === CHANGE.progress) told({ event: "progress", data: { ...now.progress } }, number);
    else told(endEvent(task, now, task.endReason), number);
  }
  if (task.ended) {
    end();
    return () => {};
  }
  return watched.news.watch(task, ({ event, number, failure }) => {
    if (failure !== undefined) end(failure);
    if (event === undefined || number === undefined) return;
    if (event.type === "job_progress") {
      const { percent, message } = event;
      told({ event: "progress", data: { percent, message } }, number, "progress");
    } else if (isEnd(event)) {
      told(endEvent(task, record(), reasonOf(event)), number);
      end();
    } else if (event.type === "job_started") {
      // Of a job that is tried without end, only the newest attempt.
      const data = { status: "running", started_at: event.started_at } as const;
      told({ event: "status", data }, number, event.attempt > 1 ? "status" : undefined);
    } else {
      told({ event: "status", data: { status: "pending" } }, number, "status");
    }
  });
}

export function watchStream(watched: Watched): ReadableStream<WatchEvent> {
  return stream<WatchEvent>(watched, undefined, (event, _, push, key) => push(event, key));
}

export function eventStream(watched: Watched, lastEventId: string | undefined): ReadableStream<Uint8Array> {
  const encoder = new TextEncoder();
  return stream<Uint8Array>(watched, lastEventId, ({ event, data }, number, push, key) => {
    const frame = (name: string, id: number, value: unknown) =>
      encoder.encode(WasmRunner.sseFrame(id, name, JSON.stringify(value)));
    if (event !== "complete") {
      push(frame(event, number, data), key);
      return;
    }
    const { value, lost } = carryResult(watched.record());
    // Under the number before the end's own: who has heard only this is still told of the end.
    if (lost !== undefined) push(frame("job_log", number - 1, { message: lost, at: wallNow() }));
    push(frame(event, number, { ...data, result: value }));
  });
}

function stream<T>(
  watched: Watched,
  lastEventId: string | undefined,
  write: (event: WatchEvent, number: number, push: (item: T, key?: string) => void, key?: string) => void,
): ReadableStream<T> {
  let unlisten: Unsubscribe = () => {};
  const queue = eventQueue<T>(() => unlisten());
  unlisten = follow(
    watched,
    lastEventId,
    (event, number, key) => write(event, number, queue.push, key),
    (failure) => {
      unlisten();
      if (failure === undefined) queue.close();
      else queue.fail(failure);
    },
  );
  return queue.stream;
}
