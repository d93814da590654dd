// One port that a runner speaks the queue protocol over.

import { errorRecord } from "../manager/seam.js";
import { hasEnded } from "../support/has-ended.js";
import { holdLock, whenFree } from "../support/lifetime.js";
import { fieldOf } from "../support/look.js";
import { wallNow } from "../support/time.js";
import type { JobEvent, JobRecord, Unsubscribe } from "../types.js";
import { Alarm } from "../wasm/alarm.js";
import { now } from "../wasm/clock.js";
import { type Heard, readClientMessage } from "./client-message.js";
import { isEnd, type Notification, type Subject } from "./events.js";
import { inert, PARAMS } from "./inert.js";
import { Outbox } from "./outbox.js";
import { carryRecord, carryResult, clip, clipError } from "./plain.js";
import { listenTo } from "./port.js";
import { GONE, PROTOCOL } from "./protocol.js";
import type { Quota } from "./quota.js";
import type { Rank } from "./rank.js";
import type { MaybeLater, ServedNews, ServedQueue } from "./served.js";
import type { AnyServerMessage, ClientMessage, QueuePort } from "./types.js";

/** Of the protocol's codes, those that errors have. */
const CODES: Readonly<Record<string, number>> = {
  E_INVALID_PARAMS: 400,
  E_UNKNOWN_TYPE: 400,
  E_DUPLICATE: 409,
  E_UNKNOWN_JOB: 404,
  E_NOT_FINISHED: 409,
  E_QUEUE_FULL: 503,
  E_CLOSED: 503,
  E_DISCONNECTED: 503,
  E_FORBIDDEN: 403,
  TypeError: 400,
  RangeError: 400,
};
const CUT_OFF = "The port does not take what is sent over it";
/** Characters of JSON that a state may have, about. */
const LARGEST_STATE = 4_000_000;

/** What becomes of a session beside what is said. */
export interface SessionHooks {
  end(): void;
  /** Milliseconds for which the other end may say first what it knows already, before it is told the state. */
  readonly patience?: number;
  /** The queue does not answer. True: the other end is sent away, and asks again when it is back. */
  away?(): boolean;
}

export class PortSession {
  private readonly over = new AbortController();
  private readonly queue: ServedQueue;
  private readonly port: QueuePort;
  private readonly news: ServedNews;
  private readonly quota: Quota;
  private readonly outbox: Outbox;
  private readonly hooks: SessionHooks;
  private unlisten: Unsubscribe = () => {};
  /** The other end speaks a protocol that has them. */
  private knowsRanks = false;
  /** The other end was told a state before it said that it knows them. */
  private lacksRanks = false;
  private readonly alarm = new Alarm(false);
  private isGreeted = false;
  /** That the other end is gone is waited for. */
  private watching: Promise<void> | undefined = undefined;
  /** Ids of jobs that are being created for this port, whose event is the answer. */
  private readonly asked = new Set<string>();

  constructor(queue: ServedQueue, port: QueuePort, news: ServedNews, quota: Quota, hooks: SessionHooks) {
    this.queue = queue;
    this.port = port;
    this.news = news;
    this.quota = quota;
    this.hooks = hooks;
    this.outbox = new Outbox(port, { state: () => this.state(), gone: () => this.leave(CUT_OFF) });
  }

  /** Throws what the port throws: then it is not served. */
  begin(): void {
    const { port } = this;
    try {
      const close = () => this.end();
      const leave = listenTo(port, { message: ({ data }) => this.hear(readClientMessage(data)), close });
      const unfollow = this.news.follow((notification) => {
        this.count(notification);
        this.forward(notification);
      });
      this.unlisten = () => {
        leave();
        unfollow();
      };
      const { patience = 0 } = this.hooks;
      if (patience > 0) this.alarm.set(now() + patience, () => this.greet());
      else this.greet();
      port.start?.();
    } catch (error) {
      this.end();
      throw error;
    }
  }

  /** The other end is told what it has not been told yet, and that nobody listens any more. */
  leave(error: string): void {
    this.end({ type: "error", error, code: GONE });
  }

  /** Without a word, unless that is given. */
  end(last?: AnyServerMessage): void {
    if (this.over.signal.aborted) return;
    this.over.abort();
    this.alarm.clear();
    this.unlisten();
    this.outbox.close(last);
    this.hooks.end();
  }

  private send(message: AnyServerMessage): void {
    this.outbox.event(() => message);
  }

  /** The finished come last, the oldest at the end: of what is too large, they are left out first. */
  private state(): AnyServerMessage & { type: "queue_state" } {
    const { jobs, stats } = this.queue.getSnapshot();
    const carried: JobRecord[] = [];
    const ranks: Rank[] = [];
    let room = LARGEST_STATE;
    for (const job of jobs) {
      const { record, size } = carryRecord(job);
      room -= size;
      if (room < 0) break;
      carried.push(record);
      if (this.knowsRanks) ranks.push(this.news.rankOf(job.id));
    }
    this.lacksRanks = !this.knowsRanks;
    const truncated = jobs.length - carried.length;
    const { seq, instance } = this.news;
    const more = {
      ...(instance !== undefined && { instance }),
      ...(this.knowsRanks && { ranks }),
      ...(truncated > 0 && { truncated }),
    };
    return { type: "queue_state", protocol: PROTOCOL, seq, jobs: carried, stats, ...more };
  }

  private greet(): void {
    if (this.isGreeted) return;
    this.isGreeted = true;
    const state = this.state();
    this.send(state);
    // Amid the end of a job, which has no time yet.
    if (state.jobs.some((job) => hasEnded(job) && job.completed_at === undefined)) this.outbox.state();
  }

  /** As it happens: what is told again to who has missed it counts no second time. */
  private count({ event }: Notification): void {
    if (event?.type === "job_started") this.quota.start(event.job_id);
    else if (event?.type === "job_retrying") this.quota.wait(event.job_id);
    // A store that is read now and then may have let go of a job whose end nobody saw.
    else if (event?.type === "job_removed") this.quota.leave(event.job_id);
    else if (event !== undefined && "job_id" in event && isEnd(event)) this.quota.leave(event.job_id);
  }

  // ── to the other end ────────────────────────────────────────────────────────────────────────────

  private forward(notification: Notification): void {
    const { event, task, seq = 0, failure } = notification;
    const rank = this.knowsRanks ? notification.rank : undefined;
    if (failure !== undefined) {
      this.leave(failure.message);
      return;
    }
    // What is told before what the other end has missed would hide that from it.
    if (!this.isGreeted) return;
    if (event === undefined) {
      if (task !== undefined) this.moved(task, rank, seq);
      return;
    }
    // Its place where that may be another than before.
    const more = { seq, ...(rank !== undefined && { rank }) };
    switch (event.type) {
      case "job_created":
        this.created(event.job, more);
        break;
      case "job_progress":
        this.outbox.progress(`progress of ${event.job_id}`, () => ({ ...event, message: clip(event.message), seq }));
        break;
      case "job_log":
        this.send({ ...event, message: clip(event.message), seq });
        break;
      case "job_retrying":
        this.send({ ...event, ...(event.error !== undefined && { error: clipError(event.error) }), ...more });
        break;
      case "job_stopping":
        this.send({ ...event, ...(event.reason !== undefined && { reason: clip(event.reason) }), seq });
        break;
      case "stats_update":
        this.outbox.newest("stats", () => ({ ...event, seq }));
        break;
      default:
        if (isEnd(event)) this.sendEnd(event, task, more);
        else this.send({ ...event, ...more });
    }
  }

  /** Who does not know ranks is told the whole order. */
  private moved(task: Subject, rank: Rank | undefined, seq: number): void {
    if (rank === undefined) {
      this.outbox.state();
      return;
    }
    const { id, job } = task;
    const ready_at = job.readyAt;
    const { priority } = job;
    const more = { ...(ready_at !== undefined && { ready_at }), rank, seq };
    this.outbox.newest(`place of ${id}`, () => ({ type: "job_moved", job_id: id, priority, ...more }));
  }

  private created(job: JobRecord, more: { readonly seq: number; readonly rank?: Rank }): void {
    const message = { type: "job_created", job: carryRecord(job).record, ...more } as const;
    if (this.asked.delete(job.id)) this.outbox.answer(message);
    else this.send(message);
  }

  private sendEnd(
    event: JobEvent,
    task: Subject | undefined,
    more: { readonly seq: number; readonly rank?: Rank },
  ): void {
    let told = event;
    if (event.type === "job_completed") {
      const { value, lost } = carryResult(event);
      if (lost !== undefined) {
        const { seq } = more;
        this.send({ type: "job_log", job_id: event.job_id, message: lost, at: wallNow(), seq });
      }
      told = { ...event, result: value };
    } else if (event.type === "job_failed") {
      told = { ...event, ...(event.error !== undefined && { error: clipError(event.error) }) };
    } else if (event.type === "job_cancelled" && event.reason !== undefined)
      told = { ...event, reason: clip(event.reason) };
    this.outbox.event(() => {
      const completed_at = task?.job.finishedAt;
      return { ...told, ...(completed_at !== undefined && { completed_at }), ...more };
    });
  }

  private ok(request: number | undefined, more: { job?: JobRecord; count?: number } = {}): void {
    if (request !== undefined) this.outbox.answer({ type: "ok", request, ...more, seq: this.news.seq });
  }

  private refuse(request: number | undefined, code: number, error: string, more: object = {}): void {
    this.outbox.answer({ type: "error", error, code, ...more, ...(request !== undefined && { request }) });
  }

  // ── from the other end ──────────────────────────────────────────────────────────────────────────

  private hear(heard: Heard): void {
    const { message, refusal, request } = heard;
    this.alarm.clear();
    if (message?.type === "get_state" || message?.type === "resume") this.isGreeted = true;
    else this.greet();
    if (refusal !== undefined) {
      const { job_id } = refusal;
      this.refuse(request, refusal.code, refusal.error, job_id === undefined ? {} : { job_id });
    }
    switch (message?.type) {
      case "create_job":
        this.create(message, heard);
        break;
      case "cancel_job": {
        const { job_id, reason } = message;
        const why = typeof reason === "string" ? reason : undefined;
        this.change(message, request, () => this.queue.cancelJob(job_id, why));
        break;
      }
      case "set_priority":
        this.change(message, request, () => this.queue.setPriority(message.job_id, message.priority));
        break;
      case "retry_job":
        this.retry(message.job_id, heard);
        break;
      case "clear_completed":
        this.answer(
          () => this.queue.clearCompleted(),
          (count) => this.ok(request, { count }),
          (error) => this.refuseWith(error, request),
        );
        break;
      case "get_state":
        this.greeted(message);
        this.outbox.state();
        break;
      case "resume":
        this.greeted(message);
        this.resume(message);
        break;
      case "ack":
        this.outbox.ack(message.ack);
        break;
      case "ping":
        this.outbox.answer({ type: "pong" });
        break;
      case "present":
        // One end has one: whoever names many is waited for once.
        this.watching ??= whenFree(message.lock, this.over.signal, () => this.end());
        holdLock((lock) => lock !== "" && this.outbox.answer({ type: "present", lock }));
    }
  }

  /** What the other end says of itself. */
  private greeted({ acknowledges, protocol }: { readonly acknowledges?: boolean; readonly protocol?: number }): void {
    if (typeof protocol === "number" && protocol >= PROTOCOL) this.knowsRanks = true;
    if (acknowledges === true) this.outbox.awaitAcks();
  }

  /** All that has been told since, or where that is no longer known, the state. */
  private resume({ seq, instance }: { readonly seq: number; readonly instance?: string }): void {
    const isOrdered = !(this.knowsRanks && this.lacksRanks);
    const missed = isOrdered && instance === this.news.instance ? this.news.since(seq) : undefined;
    if (missed === undefined) {
      this.outbox.state();
      return;
    }
    for (const notification of missed) this.forward(notification);
    // Who was not told the state hears by this that there is no more.
    if (this.hooks.patience !== undefined) {
      this.forward({ event: { type: "stats_update", stats: this.queue.getSnapshot().stats }, seq: this.news.seq });
    }
  }

  private create(message: ClientMessage & { type: "create_job" }, heard: Heard): void {
    const { job_type, priority, id, delay, timeout, retry } = message;
    const options = defined({ priority, id, delay, timeout, retry });
    // Whoever asks again under an id that is known has lost the answer.
    const standing = id === undefined ? undefined : this.queue.getJob(id);
    if (standing !== undefined) {
      if (heard.request !== undefined) this.ok(heard.request, { job: carryRecord(standing).record });
      else this.created(standing, { seq: this.news.seq });
      return;
    }
    if (id !== undefined && heard.request === undefined) this.asked.add(id);
    this.make(heard, heard.bytes, id, () => this.queue.createJob(job_type, heard.params, options));
    if (id !== undefined) this.asked.delete(id);
  }

  private retry(id: string, heard: Heard): void {
    const bytes = inert(this.queue.getJob(id)?.params, PARAMS)?.bytes ?? Infinity;
    this.make(heard, bytes, id, () => this.queue.retryJob(id));
  }

  /** A new job for this port, with so many bytes of params. */
  private make({ request }: Heard, bytes: number, id: string | undefined, create: () => MaybeLater<JobRecord>): void {
    const named = id !== undefined && { job_id: id };
    const full = this.quota.refusal(bytes);
    if (full !== undefined) {
      this.refuse(request, 503, full, { name: "QueueFullError", ...named });
      return;
    }
    this.answer(
      create,
      (job) => {
        if (!hasEnded(job)) this.quota.add(job.id, bytes, job.status === "pending");
        this.ok(request, { job: carryRecord(job).record });
      },
      (error) => this.refuseWith(error, request, named || {}),
    );
  }

  /** At once, where the queue answers at once. */
  private answer<T>(work: () => MaybeLater<T>, done: (value: T) => void, failed: (error: unknown) => void): void {
    try {
      const value = work();
      const later = (value as PromiseLike<T> | null)?.then;
      if (typeof later !== "function") done(value as T);
      else later.call(value, done, failed);
    } catch (error) {
      failed(error);
    }
  }

  private refuseWith(error: unknown, request: number | undefined, more: object = {}): void {
    const { name, message, code = name } = clipError(errorRecord(error));
    // What was asked may be asked again of who answers.
    if (code === "E_DISCONNECTED" && this.hooks.away?.() === true) return;
    const faults = code === "E_INVALID_PARAMS" && { errors: fieldOf(error, "errors") };
    this.refuse(request, Object.hasOwn(CODES, code) ? CODES[code]! : 500, message, { name, ...faults, ...more });
  }

  /** Of an unknown or finished job nothing can be asked. */
  private change({ job_id }: { job_id: string }, request: number | undefined, work: () => MaybeLater<boolean>): void {
    const done = (isDone: boolean) => {
      if (isDone) this.ok(request);
      else if (this.queue.getJob(job_id) === undefined) {
        this.refuse(request, 404, `There is no job "${job_id}"`, { job_id });
      } else this.refuse(request, 409, `Job "${job_id}" has finished`, { job_id });
    };
    this.answer(work, done, (error) => this.refuseWith(error, request, { job_id }));
  }
}

/** Without the fields that are not given. */
function defined<T extends object>(fields: T): Partial<T> {
  return Object.fromEntries(Object.entries(fields).filter(([, value]) => value !== undefined)) as Partial<T>;
}
