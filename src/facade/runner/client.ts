import { invalidParams } from "../errors.js";
import { type Deferred, defer } from "../extras.js";
import { holdLock } from "../lifetime.js";
import { checkString, needFunction } from "../options.js";
import type { JobRecord, ManagerStats, Priority, Unsubscribe } from "../types.js";
import { RunnerError } from "./errors.js";
import { Listeners } from "./line.js";
import { Mirror } from "./mirror.js";
import { needPort, post } from "./port.js";
import { areFaults, readServerMessage } from "./server-message.js";
import { GONE } from "./session.js";
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

/**
 * The client side of the queue protocol, for a page that looks on. Every method works detached. Once nobody listens at
 * the other end (`connected` is false again), or it is closed, what asks throws JobgateError with code E_CLOSED.
 */
export class QueueClient {
  private readonly port: QueuePort;
  private readonly mirror = new Mirror();
  private readonly listeners = new Listeners<void>();
  private readonly creating = new Map<string, Deferred<JobRecord>>();
  private readonly name = newName();
  private serial = 0;
  private connected = false;
  /** Why nobody would answer. */
  private gone: string | undefined = undefined;
  private snapshot: ClientSnapshot | undefined = undefined;
  private readonly onMessage = ({ data }: { data: unknown }) => this.hear(data);
  private readonly onGone = () => this.disconnect("The port has closed");

  constructor(port: QueuePort) {
    needPort(port);
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
    // Of all ports it alone does not say everywhere that its other end is gone.
    if (globalThis.MessagePort !== undefined && port instanceof MessagePort)
      holdLock((lock) => lock !== "" && post(port, { type: "present", lock }));
  }

  /**
   * Resolves with the new job's record. Rejects with InvalidParamsError; with JobgateError of code E_REFUSED where the
   * runner said no, E_CLOSED where no answer can come any more.
   */
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

  /**
   * Listens no more. The port stays open: it belongs to who made it. The runner's end of a MessagePort is served until
   * this page or worker is gone, or whoever called `serve` ends that: not every browser tells one end that the other has
   * been closed.
   */
  close(): void {
    this.port.removeEventListener("message", this.onMessage);
    this.port.removeEventListener("close" as "message", this.onGone);
    this.disconnect("The client was closed");
  }

  private needOpen(): void {
    if (this.gone !== undefined) throw new RunnerError(this.gone, "E_CLOSED");
  }

  private ask(message: ClientMessage): void {
    this.needOpen();
    post(this.port, message);
  }

  private disconnect(why: string): void {
    this.gone = why;
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
    const message = readServerMessage(data);
    if (message === undefined) return;
    if (message.type === "error") {
      this.refused(message);
      return;
    }
    if (!this.mirror.apply(message)) return;
    if (message.type === "queue_state") {
      this.connected = true;
      this.gone = undefined;
      for (const job of message.jobs) this.answer(job);
    }
    if (message.type === "job_created") this.answer(message.job);
    this.changed();
  }

  private answer(job: JobRecord): void {
    this.creating.get(job.id)?.resolve(job);
    this.creating.delete(job.id);
  }

  private refused({ job_id, error, errors, code }: ServerMessage & { type: "error" }): void {
    if (code === GONE) this.disconnect(error);
    if (job_id === undefined) return;
    const refusal = areFaults(errors) ? invalidParams(errors) : new RunnerError(error, "E_REFUSED");
    this.creating.get(job_id)?.reject(refusal);
    this.creating.delete(job_id);
  }
}
