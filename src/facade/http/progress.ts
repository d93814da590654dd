// One job's events as text/event-stream.

import { carry } from "../runner/plain.js";
import type { WatchEvent } from "../runner/types.js";
import { hasEnded } from "../support/has-ended.js";
import { isServiceWorker } from "../support/realm.js";
import { wallNow } from "../support/time.js";
import type { JobRecord } from "../types.js";
import { Alarm } from "../wasm/alarm.js";
import { now } from "../wasm/clock.js";
import { NO_STORE } from "./answers.js";
import type { HandledQueue } from "./queue.js";

const HEADERS = {
  "Content-Type": "text/event-stream",
  ...NO_STORE,
  // Proxies that gather what they pass on would hold events back.
  "X-Accel-Buffering": "no",
};

const encoder = new TextEncoder();
const COMMENT = encoder.encode(": still here\n\n");
/** For readers who would come back for ever: after a day. */
const MUCH_LATER = encoder.encode("retry: 86400000\n\n");
const ENDS: readonly string[] = ["complete", "failed", "cancelled"];

function frame(id: number, event: string, data: unknown): string {
  return `id: ${id}\nevent: ${event}\ndata: ${JSON.stringify(data)}\n\n`;
}

/**
 * Of a queue that only lets its jobs be watched. The numbers go on from the one that the reader has: what was told is
 * known to nobody else. Odd is the number of an end, and of nothing else, so that it is known to have been told.
 */
function numbered(events: ReadableStream<WatchEvent>, lastEventId: string | undefined): ReadableStream<Uint8Array> {
  const last = Number(lastEventId);
  let number = Number.isSafeInteger(last) && last > 0 ? last + (last % 2) : 0;
  const next = () => (number += 2);
  const transform = new TransformStream<WatchEvent, Uint8Array>(
    {
      transform({ event, data }, controller) {
        const isEnd = ENDS.includes(event);
        if (event !== "complete") {
          controller.enqueue(encoder.encode(frame(next() + (isEnd ? 1 : 0), event, data)));
          return;
        }
        const { value, lost } = carry(data.result);
        const note = lost === undefined ? "" : frame(next(), "job_log", { message: lost, at: wallNow() });
        controller.enqueue(encoder.encode(note + frame(next() + 1, event, { ...data, result: value })));
      },
    },
    undefined,
    { highWaterMark: 0 },
  );
  return events.pipeThrough(transform);
}

function isTold(lastEventId: string | undefined): boolean {
  return Number(lastEventId) % 2 === 1;
}

/** What the reader has not been told; undefined: it has been told of the end. */
async function openFrames(queue: HandledQueue, id: string, lastEventId: string | undefined, isOver: boolean) {
  if (queue.eventStream !== undefined) {
    return queue.eventStream(id, lastEventId === undefined ? {} : { lastEventId });
  }
  return isOver && isTold(lastEventId) ? undefined : numbered(await queue.watch(id), lastEventId);
}

/**
 * Chromium hides `Last-Event-ID` from service workers: there nobody can know what an EventSource that comes back has been
 * told, and it would be told of the end every few seconds.
 */
function hidesLastEventId(): boolean {
  return isServiceWorker() && "userAgentData" in navigator;
}

interface Asked {
  readonly id: string;
  readonly job: JobRecord;
  readonly request: Request;
  readonly keepAlive: number;
}

export async function progressAnswer(queue: HandledQueue, asked: Asked): Promise<Response> {
  const { id, job, request, keepAlive } = asked;
  const isOver = hasEnded(job);
  const lastEventId = request.headers.get("Last-Event-ID") || undefined;
  const reader = (await openFrames(queue, id, lastEventId, isOver))?.getReader();
  // Of a job that has ended there is something to tell at once, or nothing ever.
  const first = isOver ? await reader?.read() : undefined;
  // An EventSource comes back until it is told so.
  if (reader === undefined || first?.done) return new Response(null, { status: 204, headers: NO_STORE });
  const end = async () => {
    const now = await queue.getJob(id);
    return now !== undefined && hasEnded(now) && hidesLastEventId() ? MUCH_LATER : undefined;
  };
  return new Response(keptOpen({ reader, first: first?.value, end, keepAlive, signal: request.signal }), {
    headers: HEADERS,
  });
}

interface Source {
  readonly reader: ReadableStreamDefaultReader<Uint8Array>;
  /** What has been read of it. */
  readonly first: Uint8Array | undefined;
  /** What comes last, where it ends by itself. */
  end(): Promise<Uint8Array | undefined>;
  readonly keepAlive: number;
  readonly signal: AbortSignal | undefined;
}

/**
 * The frames as the reader takes them, and a comment now and then while it waits. A stream that breaks off ends: an
 * EventSource comes back, and is told then how things stand.
 */
function keptOpen({ reader, first, end, keepAlive, signal }: Source): ReadableStream<Uint8Array> {
  const alarm = new Alarm();
  let over = false;
  let unread = first;
  let leave = () => {};
  const finish = () => {
    over = true;
    alarm.clear();
    signal?.removeEventListener("abort", leave);
  };
  return new ReadableStream<Uint8Array>({
    start(controller) {
      const comment = () => {
        // Nothing gathers up for who does not read.
        if (controller.desiredSize! > 0) controller.enqueue(COMMENT);
        alarm.set(now() + keepAlive, comment);
      };
      alarm.set(now() + keepAlive, comment);
      leave = () => {
        if (over) return;
        finish();
        reader.cancel(signal?.reason).catch(() => {});
        controller.close();
      };
      if (signal?.aborted) leave();
      else signal?.addEventListener("abort", leave);
    },
    async pull(controller) {
      const { done, value } = await next();
      if (over) return;
      if (value !== undefined) controller.enqueue(value);
      if (!done) return;
      finish();
      controller.close();
    },
    async cancel(reason) {
      finish();
      await reader.cancel(reason).catch(() => {});
    },
  });

  async function next(): Promise<{ readonly done: boolean; readonly value: Uint8Array | undefined }> {
    const value = unread;
    unread = undefined;
    if (value !== undefined) return { done: false, value };
    try {
      const read = await reader.read();
      return read.done ? { done: true, value: await end() } : read;
    } catch {
      return { done: true, value: undefined };
    }
  }
}
