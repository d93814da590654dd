// What happens to jobs, as the store's two streams tell it: BullMQ's own events, and the control stream, which has what
// BullMQ has no word for.

import type { Redis } from "ioredis";
import { setTimer } from "../support/time.js";
import type { Millis } from "../types.js";
import { type Connect, PATIENT } from "./connection.js";
import { baseKey } from "./store.js";

/** On the control stream. `id`: the job's in the store. */
export type ControlMessage =
  /** It runs, and is asked to end. `reason`: JSON, `{reason?: string}`. */
  | { readonly type: "stop"; readonly id: string; readonly reason: string }
  | { readonly type: "priority"; readonly id: string }
  | { readonly type: "removed"; readonly id: string }
  | { readonly type: "log"; readonly id: string; readonly message: string; readonly at: string };

/** BullMQ's: "added", "active", "progress", "completed", "failed", "delayed", "waiting", "stalled", "removed", … */
export interface QueueNews {
  readonly event: string;
  readonly jobId?: string;
  readonly [field: string]: string | undefined;
}

export interface Followed {
  /** In the order of each stream. What was heard once may be heard again. */
  control?(message: ControlMessage): void;
  event?(news: QueueNews): void;
  /** All that was there to hear has been heard, for now. */
  caughtUp?(): void;
  /** Some was trimmed before it could be heard: look at the store itself. */
  missed?(): void;
  /** Redis answers, or does so no longer. */
  connected?(isConnected: boolean): void;
}

/** Milliseconds that the streams are read from before now: what is heard twice counts once. */
const BACK = 5000;
const AT_ONCE = 1000;
const BLOCK = 5000;
/** Milliseconds after which a Redis that answers nothing, not even that there is nothing, is taken for gone. */
const DEAF = BLOCK + 3000;
const PAUSE = 100;
/** Milliseconds after which more may have happened than a stream keeps. */
const LONG = 100;

type Entry = [id: string, fields: string[]];

export class Follower {
  private readonly redis: Redis;
  private readonly followed: Followed;
  /** By stream: the last that was heard. */
  private readonly last = new Map<string, string>();
  /** Streams of which something was heard: there was something in them. */
  private readonly heard = new Set<string>();
  private readonly eventsKey: string;
  private readonly controlKey: string;
  private readonly back: Millis;
  private readonly madeAt = performance.now();
  private begun: Promise<void> | undefined = undefined;
  private isClosed = false;
  private isCutOff = false;
  /** Once it stands where it begins. */
  readonly ready: Promise<void>;

  constructor(connect: Connect, queue: string, followed: Followed, back: Millis = BACK) {
    this.followed = followed;
    this.eventsKey = `${baseKey(queue)}events`;
    this.controlKey = `${baseKey(queue)}control`;
    this.back = back;
    this.redis = connect({ ...PATIENT, socketTimeout: DEAF });
    this.redis.on("ready", () => followed.connected?.(true));
    this.redis.on("close", () => {
      this.isCutOff = true;
      if (!this.isClosed) followed.connected?.(false);
    });
    this.ready = this.begin();
    this.ready.catch(() => {});
    void this.follow();
  }

  private begin(): Promise<void> {
    this.begun ??= this.stand().catch((error) => {
      this.begun = undefined;
      throw error;
    });
    return this.begun;
  }

  /** By the store's own clock, which streams are numbered by: this machine's may be another. */
  private async stand(): Promise<void> {
    const [seconds, micros] = (await this.redis.time()).map(Number) as [number, number];
    const madeAt = seconds * 1000 + micros / 1000 - (performance.now() - this.madeAt);
    const from = `${Math.max(Math.floor(madeAt - this.back), 0)}-0`;
    if (this.followed.event !== undefined) this.last.set(this.eventsKey, from);
    if (this.followed.control !== undefined) this.last.set(this.controlKey, from);
  }

  private async follow(): Promise<void> {
    let heardAt = performance.now();
    while (!this.isClosed) {
      try {
        await this.begin();
        if (this.isCutOff) await this.lookForGap();
        const answer = await this.redis.xread(
          "COUNT",
          AT_ONCE,
          "BLOCK",
          BLOCK,
          "STREAMS",
          ...this.last.keys(),
          ...this.last.values(),
        );
        // This process may have stood still meanwhile.
        const now = performance.now();
        if (answer !== null && now - heardAt > LONG) await this.lookForGap();
        if (answer !== null) heardAt = now;
        let isMore = false;
        for (const [stream, entries] of (answer ?? []) as [string, Entry[]][]) {
          isMore ||= entries.length === AT_ONCE;
          for (const [id, fields] of entries) {
            this.last.set(stream, id);
            this.heard.add(stream);
            this.tell(stream, fields);
          }
        }
        if (isMore) await this.lookForGap();
        else this.followed.caughtUp?.();
      } catch {
        this.isCutOff = true;
        if (!this.isClosed) await new Promise<void>((resolve) => setTimer(resolve, PAUSE));
      }
    }
  }

  private tell(stream: string, fields: string[]): void {
    const message: Record<string, string> = {};
    for (let at = 0; at + 1 < fields.length; at += 2) message[fields[at]!] = fields[at + 1]!;
    if (stream === this.controlKey) this.followed.control?.(message as unknown as ControlMessage);
    else this.followed.event?.(message as unknown as QueueNews);
  }

  /** A stream keeps its newest entries: those that came after the last one heard may be gone. */
  private async lookForGap(): Promise<void> {
    let isGap = false;
    for (const [stream, id] of this.last) {
      const [oldest] = (await this.redis.xrange(stream, "-", "+", "COUNT", 1)) as Entry[];
      const heard = await this.redis.xrange(stream, id, id);
      if (heard.length > 0) continue;
      isGap ||= oldest === undefined ? this.heard.delete(stream) : isLater(oldest[0], id);
    }
    this.isCutOff = false;
    if (isGap) this.followed.missed?.();
  }

  close(): void {
    this.isClosed = true;
    this.redis.disconnect();
  }
}

function isLater(one: string, other: string): boolean {
  const [time = 0, turn = 0] = one.split("-").map(Number);
  const [otherTime = 0, otherTurn = 0] = other.split("-").map(Number);
  return time > otherTime || (time === otherTime && turn > otherTurn);
}
