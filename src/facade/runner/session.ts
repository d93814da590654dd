// One port that a runner speaks the queue protocol over.

import { InvalidParamsError, JobgateError } from "../errors.js";
import { whenFree } from "../lifetime.js";
import type { JobEvent, JobRecord, Unsubscribe } from "../types.js";
import { RunnerError } from "./errors.js";
import { type Happening, isEnd } from "./events.js";
import type { News } from "./news.js";
import { Outbox } from "./outbox.js";
import { carry, LOST_RESULT, plainRecord } from "./plain.js";
import type { JobRunner } from "./runner.js";
import type { ClientMessage, QueuePort, ServerMessage } from "./types.js";
import { WasmRunner } from "./wasm.js";

/** Of the protocol's codes, those that the package's errors have. */
const CODES: Readonly<Record<string, number>> = {
  E_INVALID_PARAMS: 400,
  E_UNKNOWN_TYPE: 400,
  E_QUEUE_FULL: 503,
  E_CLOSED: 503,
};
/** Whatever is asked from here on, nobody answers. */
export const GONE = 410;
const CUT_OFF = "The port does not take what is sent over it";

export class Session {
  private readonly over = new AbortController();
  private readonly runner: JobRunner;
  private readonly port: QueuePort;
  private readonly outbox: Outbox;
  private readonly unlisten: Unsubscribe;
  private readonly onEnd: () => void;
  /** Ids of jobs that are being created for this port. */
  private readonly asked = new Set<string>();
  private readonly onMessage = ({ data }: { data: unknown }) => this.hear(data);
  private readonly onClose = () => this.end();

  constructor(runner: JobRunner, port: QueuePort, news: News, onEnd: () => void) {
    this.runner = runner;
    this.port = port;
    this.onEnd = onEnd;
    this.outbox = new Outbox(port, { state: () => this.state(), gone: () => this.leave(CUT_OFF) });
    port.addEventListener("message", this.onMessage);
    // WebSockets say when the other end has gone, and MessagePorts where the browser has that event.
    port.addEventListener("close" as "message", this.onClose);
    this.unlisten = news.follow((happening) => this.forward(happening));
    this.greet();
    port.start?.();
  }

  /** The other end is told what it has not been told yet, and that nobody listens any more. */
  leave(error: string): void {
    this.end({ type: "error", error, code: GONE });
  }

  private end(last?: ServerMessage): void {
    if (this.over.signal.aborted) return;
    this.over.abort();
    this.unlisten();
    this.port.removeEventListener("message", this.onMessage);
    this.port.removeEventListener("close" as "message", this.onClose);
    this.outbox.close(last);
    this.onEnd();
  }

  private send(message: ServerMessage): void {
    this.outbox.event(() => message);
  }

  private state(): ServerMessage & { type: "queue_state" } {
    const { jobs, stats } = this.runner.getSnapshot();
    return { type: "queue_state", jobs: jobs.map(plainRecord), stats };
  }

  private greet(): void {
    const state = this.state();
    this.send(state);
    // Amid the end of a job, which has no time yet.
    if (state.jobs.some((job) => !isUnfinished(job) && !job.completed_at)) this.outbox.state();
  }

  private forward({ event, task, failure }: Happening): void {
    if (failure !== undefined) this.leave(failure.message);
    else if (event === undefined) this.outbox.state();
    else if (event.type === "job_created") this.created(event.job);
    else if (event.type === "job_progress") this.outbox.progress(`progress of ${event.job_id}`, () => event);
    else if (event.type === "stats_update") this.outbox.newest("stats", () => event);
    else if (isEnd(event)) this.sendEnd(event, () => task?.job.finishedAt);
    else this.send(event);
  }

  /** An answer to who has asked for it, an event to all others. */
  private created(job: JobRecord): void {
    const message = { type: "job_created", job: plainRecord(job) } as const;
    if (this.asked.delete(job.id)) this.outbox.answer(message);
    else this.send(message);
  }

  private sendEnd(event: JobEvent, finishedAt: () => number | undefined): void {
    const completed = () => {
      const completed_at = finishedAt();
      return completed_at === undefined ? {} : { completed_at };
    };
    if (event.type !== "job_completed") {
      this.outbox.event(() => ({ ...event, ...completed() }));
      return;
    }
    const { value, lost } = carry(event.result);
    if (lost) this.send({ type: "job_log", job_id: event.job_id, message: LOST_RESULT, at: Date.now() });
    this.outbox.event(() => ({ ...event, result: value, ...completed() }));
  }

  private refuse(code: number, error: string, more: object = {}): void {
    this.outbox.answer({ type: "error", error, code, ...more });
  }

  private hear(data: unknown): void {
    const message: ClientMessage | (ServerMessage & { type: "error" }) | undefined = WasmRunner.readMessage(data);
    switch (message?.type) {
      case "create_job":
        this.create(message);
        break;
      case "cancel_job":
        this.cancel(message.job_id);
        break;
      case "clear_completed":
        this.runner.clearCompleted();
        break;
      case "get_state":
        this.outbox.state();
        break;
      case "ping":
        this.outbox.answer({ type: "pong" });
        break;
      case "present":
        void whenFree(message.lock, this.over.signal, () => this.end());
        break;
      case "error":
        this.refuse(message.code, message.error, message.job_id === undefined ? {} : { job_id: message.job_id });
    }
  }

  private create(message: ClientMessage & { type: "create_job" }): void {
    const { job_type, params, priority, id } = message;
    const options = { ...(priority !== undefined && { priority }), ...(id !== undefined && { id }) };
    const known = id !== undefined && isUnfinished(this.runner.getJob(id));
    try {
      if (id !== undefined) this.asked.add(id);
      const job = this.runner.createJob(job_type, params, options);
      // Who asks again is answered, though nothing has happened.
      if (known) this.created(job);
    } catch (error) {
      if (id !== undefined) this.asked.delete(id);
      const { code, message } = error instanceof JobgateError ? error : new RunnerError(String(error), "E_REFUSED");
      const errors = error instanceof InvalidParamsError && { errors: error.errors };
      this.refuse(CODES[code] ?? 500, message, { ...errors, ...(id !== undefined && { job_id: id }) });
    }
  }

  private cancel(job_id: string): void {
    if (this.runner.cancelJob(job_id)) return;
    if (this.runner.getJob(job_id) === undefined) this.refuse(404, `There is no job "${job_id}"`, { job_id });
    else this.refuse(409, `Job "${job_id}" has finished`, { job_id });
  }
}

function isUnfinished(record: JobRecord | undefined): boolean {
  return record?.status === "pending" || record?.status === "running";
}
