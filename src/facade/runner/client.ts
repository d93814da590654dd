import { reasonText } from "../job/events.js";
import { holdLock } from "../support/lifetime.js";
import type { JobRecord, ManagerStats, Priority, Unsubscribe } from "../types.js";
import { checkNumber, checkObject, checkString, needFunction } from "../wasm/options.js";
import { Calls } from "./calls.js";
import { RunnerError, refusalOf } from "./errors.js";
import { MESSAGE } from "./inert.js";
import { Listeners } from "./line.js";
import { Mirror } from "./mirror.js";
import { toWire } from "./odd-parts.js";
import { isConnecting, isOver, listenTo, needPort, post, tryPost } from "./port.js";
import { GONE } from "./protocol.js";
import { readServerMessage } from "./server-message.js";
import type { ClientMessage, QueueClientOptions, QueuePort, ServerMessage } from "./types.js";

export interface ClientSnapshot {
  readonly jobs: readonly JobRecord[];
  readonly stats: ManagerStats;
  readonly connected: boolean;
}

const NAME_LENGTH = 8;
const NOTHING = () => {};

/** Short, and unlike that of any other client. */
function newName(): string {
  const bytes = crypto.getRandomValues(new Uint8Array(NAME_LENGTH));
  return Array.from(bytes, (byte) => (byte % 36).toString(36)).join("");
}

/**
 * The client side of the queue protocol, for a page that looks on. Every method works detached.
 *
 * What asks is sent in the order in which it was asked, once the port is open, and answered by the runner. It rejects
 * with JobgateError of code E_DISCONNECTED where no answer has come within `timeout`, of code E_CLOSED once nobody
 * listens at the other end (`connected` is false again) or this client is closed.
 */
export class QueueClient {
  private readonly port: QueuePort;
  private readonly mirror = new Mirror();
  private readonly listeners = new Listeners<void>();
  private readonly calls: Calls;
  private readonly name = newName();
  private readonly unlisten: Unsubscribe;
  /** Requests for jobs, by the ids that these are to have. A runner of version 0.1 names those, and no request. */
  private readonly creating = new Map<string, number>();
  private serial = 0;
  private connected = false;
  /** Why nobody would answer. */
  private gone: string | undefined = undefined;
  private snapshot: ClientSnapshot | undefined = undefined;

  constructor(port: QueuePort, options: QueueClientOptions = {}) {
    needPort(port);
    checkObject("options", options);
    const timeout = checkNumber("timeout", options.timeout, 30_000);
    if (!(timeout >= 0)) throw new RangeError(`timeout must be at least 0, or Infinity, got ${timeout}`);
    this.port = port;
    this.createJob = this.createJob.bind(this);
    this.cancelJob = this.cancelJob.bind(this);
    this.clearCompleted = this.clearCompleted.bind(this);
    this.subscribe = this.subscribe.bind(this);
    this.getSnapshot = this.getSnapshot.bind(this);
    this.close = this.close.bind(this);
    this.calls = new Calls(timeout, (message) => post(port, message));
    this.unlisten = listenTo(port, {
      message: ({ data }) => this.hear(data),
      open: () => this.opened(),
      close: () => this.disconnect("The port has closed"),
    });
    try {
      port.start?.();
      if (isOver(port)) this.disconnect("The port has closed");
      else if (!isConnecting(port)) this.opened();
    } catch (error) {
      this.unlisten();
      throw error;
    }
  }

  /**
   * Resolves with the new job's record. Rejects as the runner's own `createJob` throws (InvalidParamsError with the same
   * faults, UnknownJobTypeError, QueueFullError, …), also for params that no port can carry; with JobgateError of code
   * E_REFUSED where they are larger than a message may be, or the runner said no in other words.
   */
  async createJob(
    type: string,
    params: Record<string, unknown> = {},
    options: { priority?: Priority } = {},
  ): Promise<JobRecord> {
    checkString("type", type);
    checkObject("options", options);
    const { priority } = options;
    const id = `${this.name}-${++this.serial}`;
    // The number comes first: it is to be found also in a message that is too large to be read.
    try {
      const answer = await this.ask((request) => {
        this.creating.set(id, request);
        return { request, type: "create_job", job_type: type, params, id, ...(priority !== undefined && { priority }) };
      });
      if (answer.type === "error") throw refusalOf(answer);
      const job = answer.job ?? this.mirror.get(id);
      if (job === undefined) throw new RunnerError("The runner did not say which job it has made", "E_REFUSED");
      return job;
    } finally {
      this.creating.delete(id);
    }
  }

  /** True: asked, or ended at once if it was pending. False: unknown or ended. Not awaited, it is never unhandled. */
  cancelJob(id: string, reason?: unknown): Promise<boolean> {
    return quiet(this.cancel(id, reasonText(reason)));
  }

  /** How many finished jobs were let go of. Not awaited, it is never unhandled. */
  clearCompleted(): Promise<number> {
    return quiet(this.clear());
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
    this.unlisten();
    this.disconnect("The client was closed");
  }

  private async cancel(id: string, reason: string | undefined): Promise<boolean> {
    const why = reason !== undefined && { reason };
    const answer = await this.ask((request) => ({ request, type: "cancel_job", job_id: id, ...why }));
    if (answer.type === "ok") return true;
    if (answer.code === 404 || answer.code === 409) return false;
    throw refusalOf(answer);
  }

  private async clear(): Promise<number> {
    const answer = await this.ask((request) => ({ request, type: "clear_completed" }));
    if (answer.type === "error") throw refusalOf(answer);
    return answer.count ?? 0;
  }

  private ask(make: (request: number) => ClientMessage): ReturnType<Calls["ask"]> {
    if (this.gone !== undefined) throw new RunnerError(this.gone, "E_CLOSED");
    return this.calls.ask((request) => {
      const message = toWire(make(request));
      if (message !== undefined) return message;
      throw new RunnerError(`A message may have ${MESSAGE.bytes} bytes at most`, "E_REFUSED");
    });
  }

  /** Says that somebody is there; what was asked meanwhile follows. */
  private opened(): void {
    // A runner says its state of itself when it begins to serve; over a broadcast it may have begun before.
    tryPost(this.port, { type: "get_state", acknowledges: true });
    // Of all ports it alone does not say everywhere that its other end is gone.
    if (Object.prototype.toString.call(this.port) === "[object MessagePort]") {
      holdLock((lock) => lock !== "" && tryPost(this.port, { type: "present", lock }));
    }
    this.calls.setOpen(true);
  }

  private disconnect(why: string): void {
    this.gone = why;
    this.calls.setOpen(false);
    this.calls.fail(new RunnerError(why, "E_CLOSED"));
    this.connected = false;
    this.changed();
  }

  private changed(): void {
    this.snapshot = undefined;
    this.listeners.call();
  }

  private hear(data: unknown): void {
    const { message, ack } = readServerMessage(data);
    if (ack !== undefined) tryPost(this.port, { type: "ack", ack });
    if (message === undefined) return;
    const isNew = this.mirror.apply(message);
    if (message.type === "ok") this.calls.answer(message);
    else if (message.type === "error") this.refused(message);
    else if (message.type === "job_created") this.created(message.job.id);
    else if (message.type === "queue_state") {
      this.connected = true;
      this.gone = undefined;
      this.calls.setOpen(true);
      for (const id of this.creating.keys()) this.created(id);
    }
    if (isNew) this.changed();
  }

  private created(id: string): void {
    const request = this.creating.get(id);
    const job = this.mirror.get(id);
    if (request !== undefined && job !== undefined) this.calls.answer({ type: "ok", request, job });
  }

  private refused(message: ServerMessage & { type: "error" }): void {
    if (message.code === GONE) this.disconnect(message.error);
    const { job_id = "", request = this.creating.get(job_id) } = message;
    if (request !== undefined) this.calls.answer({ ...message, request });
  }
}

function quiet<T>(promise: Promise<T>): Promise<T> {
  promise.catch(NOTHING);
  return promise;
}
