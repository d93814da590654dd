// One port that a runner speaks the queue protocol over.

import { errorRecord } from "../job/events.js";
import { holdLock, whenFree } from "../support/lifetime.js";
import { wallNow } from "../support/time.js";
import type { JobEvent, JobRecord, ParamError, Unsubscribe } from "../types.js";
import { type Heard, readClientMessage } from "./client-message.js";
import { isEnd, type Notification } from "./events.js";
import type { News } from "./news.js";
import { Outbox } from "./outbox.js";
import { carry, carryRecord, clip, clipError } from "./plain.js";
import { listenTo } from "./port.js";
import { GONE, PROTOCOL } from "./protocol.js";
import type { Quota } from "./quota.js";
import type { Rank } from "./rank.js";
import type { ServedRunner } from "./served.js";
import type { Task } from "./task.js";
import type { ClientMessage, QueuePort, ServerMessage } from "./types.js";

/** Of the protocol's codes, those that errors have. */
const CODES: Readonly<Record<string, number>> = {
  E_INVALID_PARAMS: 400,
  E_UNKNOWN_TYPE: 400,
  E_DUPLICATE: 409,
  E_UNKNOWN_JOB: 404,
  E_NOT_FINISHED: 409,
  E_QUEUE_FULL: 503,
  E_CLOSED: 503,
  TypeError: 400,
  RangeError: 400,
};
const CUT_OFF = "The port does not take what is sent over it";
/** Characters of JSON that a state may have, about. */
const LARGEST_STATE = 4_000_000;

export class Session {
  private readonly over = new AbortController();
  private readonly runner: ServedRunner;
  private readonly port: QueuePort;
  private readonly news: News;
  private readonly quota: Quota;
  private readonly outbox: Outbox;
  private readonly onEnd: () => void;
  private readonly rankOf: (id: string) => Rank;
  private unlisten: Unsubscribe = () => {};
  /** The other end speaks a protocol that has them. */
  private knowsRanks = false;
  /** Ids of jobs that are being created for this port, whose event is the answer. */
  private readonly asked = new Set<string>();

  constructor(
    runner: ServedRunner,
    port: QueuePort,
    news: News,
    quota: Quota,
    rankOf: (id: string) => Rank,
    onEnd: () => void,
  ) {
    this.runner = runner;
    this.port = port;
    this.news = news;
    this.quota = quota;
    this.rankOf = rankOf;
    this.onEnd = onEnd;
    this.outbox = new Outbox(port, { state: () => this.state(), gone: () => this.leave(CUT_OFF) });
  }

  /** Throws what the port throws: then it is not served. */
  begin(): void {
    const { port } = this;
    try {
      const close = () => this.end();
      const leave = listenTo(port, { message: ({ data }) => this.hear(readClientMessage(data)), close });
      const unfollow = this.news.follow((notification) => this.forward(notification));
      this.unlisten = () => {
        leave();
        unfollow();
      };
      this.greet();
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

  private end(last?: ServerMessage): void {
    if (this.over.signal.aborted) return;
    this.over.abort();
    this.unlisten();
    this.outbox.close(last);
    this.onEnd();
  }

  private send(message: ServerMessage): void {
    this.outbox.event(() => message);
  }

  /** The finished come last, the oldest at the end: of what is too large, they are left out first. */
  private state(): ServerMessage & { type: "queue_state" } {
    const { jobs, stats } = this.runner.getSnapshot();
    const carried: JobRecord[] = [];
    const ranks: Rank[] = [];
    let room = LARGEST_STATE;
    for (const job of jobs) {
      const { record, size } = carryRecord(job);
      room -= size;
      if (room < 0) break;
      carried.push(record);
      if (this.knowsRanks) ranks.push(this.rankOf(job.id));
    }
    const truncated = jobs.length - carried.length;
    const { seq } = this.news;
    const more = { ...(this.knowsRanks && { ranks }), ...(truncated > 0 && { truncated }) };
    return { type: "queue_state", protocol: PROTOCOL, seq, jobs: carried, stats, ...more };
  }

  private greet(): void {
    const state = this.state();
    this.send(state);
    // Amid the end of a job, which has no time yet.
    if (state.jobs.some((job) => !isUnfinished(job) && job.completed_at === undefined)) this.outbox.state();
  }

  // ── to the other end ────────────────────────────────────────────────────────────────────────────

  private forward(notification: Notification): void {
    const { event, task, seq = 0, failure } = notification;
    const rank = this.knowsRanks ? notification.rank : undefined;
    if (failure !== undefined) {
      this.leave(failure.message);
      return;
    }
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
        if ("job_id" in event) this.quota.leave(event.job_id);
        if (isEnd(event)) this.sendEnd(event, task, more);
        else this.send({ ...event, ...more });
    }
  }

  /** Who does not know ranks is told the whole order. */
  private moved(task: Task, rank: Rank | undefined, seq: number): void {
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

  private sendEnd(event: JobEvent, task: Task | undefined, more: { readonly seq: number; readonly rank?: Rank }): void {
    let told = event;
    if (event.type === "job_completed") {
      const { value, lost } = carry(event.result);
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
        this.done(this.runner.cancelJob(job_id, why), job_id, request);
        break;
      }
      case "set_priority":
        this.done(this.runner.setPriority(message.job_id, message.priority), message.job_id, request);
        break;
      case "retry_job":
        this.retry(message.job_id, heard);
        break;
      case "clear_completed":
        this.ok(request, { count: this.runner.clearCompleted() });
        break;
      case "get_state":
        this.greeted(message);
        this.outbox.state();
        break;
      case "resume":
        this.greeted(message);
        this.resume(message.seq);
        break;
      case "ack":
        this.outbox.ack(message.ack);
        break;
      case "ping":
        this.outbox.answer({ type: "pong" });
        break;
      case "present":
        void whenFree(message.lock, this.over.signal, () => this.end());
        holdLock((lock) => lock !== "" && this.outbox.answer({ type: "present", lock }));
    }
  }

  /** What the other end says of itself. */
  private greeted({ acknowledges, protocol }: { readonly acknowledges?: boolean; readonly protocol?: number }): void {
    if (acknowledges === true) this.outbox.awaitAcks();
    if (typeof protocol === "number" && protocol >= PROTOCOL) this.knowsRanks = true;
  }

  /** All that has been told since, or where that is no longer known, the state. */
  private resume(seq: number): void {
    const missed = this.news.since(seq);
    if (missed === undefined) this.outbox.state();
    else for (const notification of missed) this.forward(notification);
  }

  private create(message: ClientMessage & { type: "create_job" }, heard: Heard): void {
    const { job_type, priority, id, delay, timeout, retry } = message;
    const options = defined({ priority, id, delay, timeout, retry });
    // Whoever asks again under an id that is known has lost the answer.
    const standing = id === undefined ? undefined : this.runner.getJob(id);
    if (standing !== undefined) {
      if (heard.request !== undefined) this.ok(heard.request, { job: carryRecord(standing).record });
      else this.created(standing, { seq: this.news.seq });
      return;
    }
    if (id !== undefined && heard.request === undefined) this.asked.add(id);
    this.make(heard, id, () => this.runner.createJob(job_type, heard.params, options));
    if (id !== undefined) this.asked.delete(id);
  }

  private retry(id: string, heard: Heard): void {
    this.make(heard, id, () => this.runner.retryJob(id));
  }

  /** A new job for this port. */
  private make({ bytes, request }: Heard, id: string | undefined, create: () => JobRecord): void {
    const named = id !== undefined && { job_id: id };
    const full = this.quota.refusal(bytes);
    if (full !== undefined) {
      this.refuse(request, 503, full, { name: "QueueFullError", ...named });
      return;
    }
    try {
      const job = create();
      if (job.status === "pending") this.quota.add(job.id, bytes);
      this.ok(request, { job: carryRecord(job).record });
    } catch (error) {
      const { name, message, code = name } = errorRecord(error);
      const { errors } = error as { readonly errors?: readonly ParamError[] };
      const faults = code === "E_INVALID_PARAMS" && { errors };
      this.refuse(request, CODES[code] ?? 500, message, { name, ...faults, ...named });
    }
  }

  /** Of an unknown or finished job nothing can be asked. */
  private done(isDone: boolean, job_id: string, request: number | undefined): void {
    if (isDone) this.ok(request);
    else if (this.runner.getJob(job_id) === undefined) {
      this.refuse(request, 404, `There is no job "${job_id}"`, { job_id });
    } else this.refuse(request, 409, `Job "${job_id}" has finished`, { job_id });
  }
}

/** Without the fields that are not given. */
function defined<T extends object>(fields: T): Partial<T> {
  return Object.fromEntries(Object.entries(fields).filter(([, value]) => value !== undefined)) as Partial<T>;
}

function isUnfinished(record: JobRecord | undefined): boolean {
  return record?.status === "pending" || record?.status === "running";
}
