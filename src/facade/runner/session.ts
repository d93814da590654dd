// One port that a runner speaks the queue protocol over.

import { InvalidParamsError, JobgateError } from "../errors.js";
import type { JobEvent, Unsubscribe } from "../types.js";
import { RunnerError } from "./errors.js";
import { type Happening, isEnd } from "./events.js";
import { carry, LOST_RESULT, plainRecord } from "./plain.js";
import { post } from "./port.js";
import type { JobRunner } from "./runner.js";
import type { ClientMessage, QueuePort, ServerMessage } from "./types.js";
import { WasmRunner } from "./wasm.js";

/** Of the protocol's codes, those that the package's errors have. */
const CODES: Readonly<Record<string, number>> = {
  E_INVALID_PARAMS: 400,
  E_UNKNOWN_TYPE: 400,
  E_UNKNOWN_JOB: 404,
  E_QUEUE_FULL: 503,
  E_CLOSED: 503,
};

export class Session {
  /** Sent in one go, in a microtask: of progress and statistics only the newest of each. */
  private readonly unsent = new Map<string | number, () => ServerMessage>();
  /** The state goes behind what led to it. */
  private stateWanted = false;
  private scheduled = false;
  private serial = 0;
  private over = false;
  private readonly runner: JobRunner;
  private readonly port: QueuePort;
  private readonly unlisten: Unsubscribe;
  private readonly onMessage = ({ data }: { data: unknown }) => this.hear(data);
  private readonly onClose = () => this.end();

  constructor(runner: JobRunner, port: QueuePort, listen: (listener: (happening: Happening) => void) => Unsubscribe) {
    this.runner = runner;
    this.port = port;
    port.addEventListener("message", this.onMessage);
    // MessagePorts and WebSockets say when the other end has gone.
    port.addEventListener("close" as "message", this.onClose);
    this.unlisten = listen((happening) => this.forward(happening));
    this.greet();
    port.start?.();
  }

  end(): void {
    if (this.over) return;
    this.over = true;
    this.unlisten();
    this.port.removeEventListener("message", this.onMessage);
    this.port.removeEventListener("close" as "message", this.onClose);
  }

  private send(message: ServerMessage, key?: string): void {
    this.sendLater(() => message, key);
  }

  /** Made when it is sent: by then whatever is going on has been taken in. */
  private sendLater(make: () => ServerMessage, key: string | number = this.serial++): void {
    this.unsent.delete(key);
    this.unsent.set(key, make);
    this.schedule();
  }

  private schedule(): void {
    if (this.scheduled) return;
    this.scheduled = true;
    queueMicrotask(() => this.flush());
  }

  private flush(): void {
    this.scheduled = false;
    const messages = Array.from(this.unsent.values(), (make) => make());
    this.unsent.clear();
    if (this.stateWanted) messages.push(this.state());
    this.stateWanted = false;
    try {
      for (const message of messages) if (!this.over) post(this.port, message);
    } catch {
      // Nobody is there to be told.
      this.end();
    }
  }

  private state(): ServerMessage & { type: "queue_state" } {
    const { jobs, stats } = this.runner.getSnapshot();
    return { type: "queue_state", jobs: jobs.map(plainRecord), stats };
  }

  private greet(): void {
    const state = this.state();
    this.send(state);
    // Amid the end of a job, which has no time yet.
    if (state.jobs.some(({ status, completed_at }) => status !== "pending" && status !== "running" && !completed_at)) {
      this.sendState();
    }
  }

  private sendState(): void {
    this.stateWanted = true;
    this.schedule();
  }

  private forward(happening: Happening): void {
    const { event } = happening;
    if (event === undefined) this.sendState();
    else if (event.type === "job_created") this.send({ type: event.type, job: plainRecord(event.job) });
    else if (event.type === "job_progress") this.send(event, event.job_id);
    else if (event.type === "stats_update") this.send(event, event.type);
    else if (isEnd(event)) this.sendEnd(event, happening);
    else this.send(event);
  }

  private sendEnd(event: JobEvent, { task }: Happening): void {
    const completed = () => {
      const completed_at = task?.job.finishedAt;
      return completed_at === undefined ? {} : { completed_at };
    };
    if (event.type !== "job_completed") {
      this.sendLater(() => ({ ...event, ...completed() }));
      return;
    }
    const { value, lost } = carry(event.result);
    if (lost) this.send({ type: "job_log", job_id: event.job_id, message: LOST_RESULT, at: Date.now() });
    this.sendLater(() => ({ ...event, result: value, ...completed() }));
  }

  private refuse(code: number, error: string, more: object = {}): void {
    this.send({ type: "error", error, code, ...more });
  }

  private hear(data: unknown): void {
    if (this.over) return;
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
        this.sendState();
        break;
      case "ping":
        this.send({ type: "pong" });
        break;
      case "error":
        this.refuse(message.code, message.error, message.job_id === undefined ? {} : { job_id: message.job_id });
    }
  }

  private create(message: ClientMessage & { type: "create_job" }): void {
    const { job_type, params, priority, id } = message;
    const options = { ...(priority !== undefined && { priority }), ...(id !== undefined && { id }) };
    const known = id !== undefined && this.isUnfinished(id);
    try {
      const job = this.runner.createJob(job_type, params, options);
      // Who asks again is answered, though nothing has happened.
      if (known) this.send({ type: "job_created", job: plainRecord(job) });
    } catch (error) {
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

  private isUnfinished(id: string): boolean {
    const status = this.runner.getJob(id)?.status;
    return status === "pending" || status === "running";
  }
}
