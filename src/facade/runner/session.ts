// One port that a runner speaks the queue protocol over.

import { errorRecord } from "../job/events.js";
import { whenFree } from "../support/lifetime.js";
import type { JobEvent, JobRecord, ParamError, Unsubscribe } from "../types.js";
import { type Heard, readClientMessage } from "./client-message.js";
import { isEnd, type Notification } from "./events.js";
import type { News } from "./news.js";
import { Outbox } from "./outbox.js";
import { carry, carryRecord, clip, clipError } from "./plain.js";
import { listenTo } from "./port.js";
import { GONE } from "./protocol.js";
import type { Quota } from "./quota.js";
import type { JobRunner } from "./runner.js";
import type { Task } from "./task.js";
import type { ClientMessage, QueuePort, ServerMessage } from "./types.js";

/** Of the protocol's codes, those that errors have. */
const CODES: Readonly<Record<string, number>> = {
  E_INVALID_PARAMS: 400,
  E_UNKNOWN_TYPE: 400,
  E_DUPLICATE: 409,
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
  private readonly runner: JobRunner;
  private readonly port: QueuePort;
  private readonly news: News;
  private readonly quota: Quota;
  private readonly outbox: Outbox;
  private readonly onEnd: () => void;
  private unlisten: Unsubscribe = () => {};
  /** Ids of jobs that are being created for this port, whose event is the answer. */
  private readonly asked = new Set<string>();

  constructor(runner: JobRunner, port: QueuePort, news: News, quota: Quota, onEnd: () => void) {
    this.runner = runner;
    this.port = port;
    this.news = news;
    this.quota = quota;
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
    let room = LARGEST_STATE;
    for (const job of jobs) {
      const { record, size } = carryRecord(job);
      room -= size;
      if (room < 0) break;
      carried.push(record);
    }
    const truncated = jobs.length - carried.length;
    return { type: "queue_state", jobs: carried, stats, ...(truncated > 0 && { truncated }) };
  }

  private greet(): void {
    const state = this.state();
    this.send(state);
    // Amid the end of a job, which has no time yet.
    if (state.jobs.some((job) => !isUnfinished(job) && job.completed_at === undefined)) this.outbox.state();
  }

  // ── to the other end ────────────────────────────────────────────────────────────────────────────

  private forward({ event, task, failure }: Notification): void {
    if (failure !== undefined) {
      this.leave(failure.message);
      return;
    }
    if (event === undefined) {
      this.outbox.state();
      return;
    }
    switch (event.type) {
      case "job_created":
        this.created(event.job);
        break;
      case "job_progress":
        this.outbox.progress(`progress of ${event.job_id}`, () => ({ ...event, message: clip(event.message) }));
        break;
      case "job_log":
        this.send({ ...event, message: clip(event.message) });
        break;
      case "job_retrying":
        this.send({ ...event, ...(event.error !== undefined && { error: clipError(event.error) }) });
        break;
      case "stats_update":
        this.outbox.newest("stats", () => event);
        break;
      default:
        if ("job_id" in event) this.quota.leave(event.job_id);
        if (isEnd(event)) this.sendEnd(event, task);
        else this.send(event);
    }
  }

  private created(job: JobRecord): void {
    const message = { type: "job_created", job: carryRecord(job).record } as const;
    if (this.asked.delete(job.id)) this.outbox.answer(message);
    else this.send(message);
  }

  private sendEnd(event: JobEvent, task: Task | undefined): void {
    let told = event;
    if (event.type === "job_completed") {
      const { value, lost } = carry(event.result);
      if (lost !== undefined) this.send({ type: "job_log", job_id: event.job_id, message: lost, at: Date.now() });
      told = { ...event, result: value };
    } else if (event.type === "job_failed") {
      told = { ...event, ...(event.error !== undefined && { error: clipError(event.error) }) };
    } else if (event.type === "job_cancelled" && event.reason !== undefined)
      told = { ...event, reason: clip(event.reason) };
    this.outbox.event(() => {
      const completed_at = task?.job.finishedAt;
      return completed_at === undefined ? told : { ...told, completed_at };
    });
  }

  private ok(request: number | undefined, more: { job?: JobRecord; count?: number } = {}): void {
    if (request !== undefined) this.outbox.answer({ type: "ok", request, ...more });
  }

  private refuse(request: number | undefined, code: number, error: string, more: object = {}): void {
    this.outbox.answer({ type: "error", error, code, ...more, ...(request !== undefined && { request }) });
  }

  // ── from the other end ──────────────────────────────────────────────────────────────────────────

  private hear(heard: Heard): void {
    const { message, request } = heard;
    switch (message?.type) {
      case "create_job":
        this.create(message, heard);
        break;
      case "cancel_job":
        this.cancel(message, request);
        break;
      case "clear_completed":
        this.ok(request, { count: this.runner.clearCompleted() });
        break;
      case "get_state":
        if (message.acknowledges === true) this.outbox.awaitAcks();
        this.outbox.state();
        break;
      case "ack":
        this.outbox.ack(message.ack);
        break;
      case "ping":
        this.outbox.answer({ type: "pong" });
        break;
      case "present":
        void whenFree(message.lock, this.over.signal, () => this.end());
        break;
      case "error":
        this.refuse(
          request,
          message.code,
          message.error,
          message.job_id === undefined ? {} : { job_id: message.job_id },
        );
    }
  }

  private create(message: ClientMessage & { type: "create_job" }, { params, bytes, request }: Heard): void {
    const { job_type, priority, id } = message;
    const options = { ...(priority !== undefined && { priority }), ...(id !== undefined && { id }) };
    const named = id !== undefined && { job_id: id };
    const standing = id !== undefined && isUnfinished(this.runner.getJob(id));
    const full = standing ? undefined : this.quota.refusal(bytes);
    if (full !== undefined) {
      this.refuse(request, 503, full, { name: "QueueFullError", ...named });
      return;
    }
    try {
      if (id !== undefined && request === undefined) this.asked.add(id);
      const job = this.runner.createJob(job_type, params, options);
      if (!standing && job.status === "pending") this.quota.add(job.id, bytes);
      if (request !== undefined) this.ok(request, { job: carryRecord(job).record });
      // Who asks again is answered, though nothing has happened.
      else if (standing) this.created(job);
    } catch (error) {
      if (id !== undefined) this.asked.delete(id);
      const { name, message, code = name } = errorRecord(error);
      const { errors } = error as { readonly errors?: readonly ParamError[] };
      const faults = code === "E_INVALID_PARAMS" && { errors };
      this.refuse(request, CODES[code] ?? 500, message, { name, ...faults, ...named });
    }
  }

  private cancel({ job_id, reason }: ClientMessage & { type: "cancel_job" }, request: number | undefined): void {
    if (this.runner.cancelJob(job_id, reason)) this.ok(request);
    else if (this.runner.getJob(job_id) === undefined) {
      this.refuse(request, 404, `There is no job "${job_id}"`, { job_id });
    } else this.refuse(request, 409, `Job "${job_id}" has finished`, { job_id });
  }
}

function isUnfinished(record: JobRecord | undefined): boolean {
  return record?.status === "pending" || record?.status === "running";
}
