import { invalidParams } from "../errors.js";
import { type Deferred, defer } from "../extras.js";
import { checkString, needFunction } from "../options.js";
import type { JobRecord, ManagerStats, Priority, Unsubscribe } from "../types.js";
import { RunnerError } from "./errors.js";
import { Listeners } from "./line.js";
import { Mirror } from "./mirror.js";
import { post } from "./port.js";
import type { ClientMessage, QueuePort, ServerMessage } from "./types.js";

export interface ClientSnapshot {
  readonly jobs: readonly JobRecord[];
  readonly stats: ManagerStats;
  readonly connected: boolean;
}

const NAME_LENGTH = 8;

/** Short, and unlike that of any other client. */
function newName(): string {
  const bytes = crypto.getRandomValues(new Uint8Array(NAME_LENGTH));
  return Array.from(bytes, (byte) => (byte % 36).toString(36)).join("");
}

/** The client side of the queue protocol, for a page that looks on. Every method works detached. */
export class QueueClient {
  private readonly port: QueuePort;
  private readonly mirror = new Mirror();
  private readonly listeners = new Listeners<void>();
  private readonly creating = new Map<string, Deferred<JobRecord>>();
  private readonly name = newName();
  private serial = 0;
  private connected = false;
  private closed = false;
  private snapshot: ClientSnapshot | undefined = undefined;
  private readonly onMessage = ({ data }: { data: unknown }) => this.hear(data);
  private readonly onGone = () => this.disconnect("The port has closed");

  constructor(port: QueuePort) {
    this.port = port;
    this.createJob = this.createJob.bind(this);
    this.cancelJob = this.cancelJob.bind(this);
    this.clearCompleted = this.clearCompleted.bind(this);
    this.subscribe = this.subscribe.bind(this);
    this.getSnapshot = this.getSnapshot.bind(this);
    this.close = this.close.bind(this);
    port.addEventListener("message", this.onMessage);
    port.addEventListener("close" as "message", this.onGone);
    port.start?.();
    try {
      // A runner says it of itself when it begins to serve; over a broadcast it may have begun before.
      post(port, { type: "get_state" });
    } catch {
      // A WebSocket that is not open yet: its runner speaks first.
    }
  }

  /** Resolves with the new job's record; rejects with InvalidParamsError, or JobgateError where it was refused. */
  async createJob(
    type: string,
    params: Record<string, unknown> = {},
    options: { priority?: Priority } = {},
  ): Promise<JobRecord> {
    checkString("type", type);
    this.needOpen();
    const id = `${this.name}-${++this.serial}`;
    const { priority } = options;
    post(this.port, { type: "create_job", job_type: type, params, id, ...(priority !== undefined && { priority }) });
    const created = defer<JobRecord>();
    this.creating.set(id, created);
    return created.promise;
  }

  cancelJob(id: string): void {
    this.ask({ type: "cancel_job", job_id: id });
  }

  clearCompleted(): void {
    this.ask({ type: "clear_completed" });
  }

  subscribe(listener: () => void): Unsubscribe {
    needFunction("listener", listener);
    return this.listeners.add(() => listener());
  }

  /** Same identity until something changed. */
  getSnapshot(): ClientSnapshot {
    const { stats } = this.mirror;
    this.snapshot ??= Object.freeze({ jobs: Object.freeze(this.mirror.list()), stats, connected: this.connected });
    return this.snapshot;
  }

  /** Listens no more. The port stays open: it belongs to who made it. */
  close(): void {
    this.closed = true;
    this.port.removeEventListener("message", this.onMessage);
    this.port.removeEventListener("close" as "message", this.onGone);
    this.disconnect("The client was closed");
  }

  private needOpen(): void {
    if (this.closed) throw new RunnerError("The client was closed", "E_CLOSED");
  }

  private ask(message: ClientMessage): void {
    this.needOpen();
    post(this.port, message);
  }

  private disconnect(why: string): void {
    const lost = [...this.creating.values()];
    this.creating.clear();
    for (const created of lost) created.reject(new RunnerError(why, "E_CLOSED"));
    this.connected = false;
    this.changed();
  }

  private changed(): void {
    this.snapshot = undefined;
    this.listeners.call();
  }

  private hear(data: unknown): void {
    const message = parse(data);
    if (message === undefined) return;
    if (message.type === "error") {
      this.refused(message);
      return;
    }
    if (!this.mirror.apply(message)) return;
    if (message.type === "queue_state") {
      this.connected = true;
      for (const job of message.jobs) this.answer(job);
    }
    if (message.type === "job_created") this.answer(message.job);
    this.changed();
  }

  private answer(job: JobRecord): void {
    this.creating.get(job.id)?.resolve(job);
    this.creating.delete(job.id);
  }

  private refused({ job_id, error, errors }: ServerMessage & { type: "error" }): void {
    if (job_id === undefined) return;
    const refusal = errors === undefined ? new RunnerError(error, "E_REFUSED") : invalidParams(errors);
    this.creating.get(job_id)?.reject(refusal);
    this.creating.delete(job_id);
  }
}

/** Over a broadcast other clients' messages come along; the mirror passes over what is not from a runner. */
function parse(data: unknown): ServerMessage | undefined {
  let message = data;
  if (typeof data === "string") {
    try {
      message = JSON.parse(data);
    } catch {
      return undefined;
    }
  }
  if (typeof message !== "object" || message === null || !("type" in message)) return undefined;
  return message as ServerMessage;
}
