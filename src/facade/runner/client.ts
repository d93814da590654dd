import { checkNumber, checkObject, checkString, needFunction } from "../support/check.js";
import { Listeners } from "../support/delivery-queue.js";
import { holdLock, whenFree } from "../support/lifetime.js";
import { fieldOf, reasonText, tagOf, textOf } from "../support/look.js";
import { randomName } from "../support/random-name.js";
import type { JobRecord, ManagerStats, Priority, Unsubscribe } from "../types.js";
import { Calls } from "./calls.js";
import { Watches } from "./client-watch.js";
import { RunnerError, refusalOf } from "./errors.js";
import { MESSAGE } from "./inert.js";
import { needNoKey } from "./keyless.js";
import { Mirror } from "./mirror.js";
import { toWire } from "./odd-parts.js";
import { comesBack, isConnecting, isOver, listenTo, needPort, post, tryPost } from "./port.js";
import { GONE, PROTOCOL } from "./protocol.js";
import { readServerMessage } from "./server-message.js";
import type {
  AnyServerMessage,
  ClientMessage,
  ClientSnapshot,
  JobQueue,
  QueueClientOptions,
  QueueCreateOptions,
  QueuePort,
  WatchEvent,
} from "./types.js";

const NAME_LENGTH = 8;
const NOTHING = () => {};
const WORKER = "[object Worker]";
/** A WebSocket's code for that. */
const MESSAGE_TOO_BIG = 1009;
const LOCKED = ["[object MessagePort]", WORKER];
/** What is said over these while nobody listens is lost. Others keep it, or open when somebody does. */
const LOSSY = ["[object BroadcastChannel]", WORKER];

/**
 * The client side of the queue protocol, for a page that looks on. Every method works detached.
 *
 * What asks is sent in the order in which it was asked, once the port is open, and answered by the runner. It rejects
 * with JobgateError of code E_DISCONNECTED where no answer has come within `timeout`, and at once for a `retryJob` or
 * `clearCompleted` whose port is lost before its answer has come (what else was asked is asked again); of code E_CLOSED
 * once nobody listens at the other end (`connected` is false again) or this client is closed; over a port that comes back
 * (`reconnecting`) it waits for that instead. That the runner's page or worker is gone is noticed over a Worker and a
 * MessagePort of the same origin; a SharedWorker whose script can't be loaded says so only by its own `error` event. What
 * the runner refuses rejects as its own call would throw: InvalidParamsError, UnknownJobTypeError, QueueFullError, …; in
 * other words, with code E_REFUSED.
 */
export class QueueClient implements JobQueue {
  private readonly port: QueuePort;
  private readonly mirror = new Mirror();
  private readonly listeners = new Listeners<void>();
  private readonly watches = new Watches();
  private readonly calls: Calls;
  private readonly name = randomName(NAME_LENGTH);
  private readonly unlisten: Unsubscribe;
  /** Requests for jobs, by the ids that these are to have. A runner of version 0.1 names those, and no request. */
  private readonly creating = new Map<string, number>();
  private serial = 0;
  private readonly closed = new AbortController();
  private connected = false;
  /** The latest state said its jobs' ranks, as it is told to who has said to know them. */
  private ranked = false;
  /** That the other end is gone is waited for. */
  private watching: Promise<void> | undefined = undefined;
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
    this.getJob = this.getJob.bind(this);
    this.getAllJobs = this.getAllJobs.bind(this);
    this.cancelJob = this.cancelJob.bind(this);
    this.setPriority = this.setPriority.bind(this);
    this.retryJob = this.retryJob.bind(this);
    this.clearCompleted = this.clearCompleted.bind(this);
    this.getQueueStats = this.getQueueStats.bind(this);
    this.watch = this.watch.bind(this);
    this.subscribe = this.subscribe.bind(this);
    this.getSnapshot = this.getSnapshot.bind(this);
    this.close = this.close.bind(this);
    this.calls = new Calls(timeout, (message) => post(port, message));
    this.unlisten = listenTo(port, {
      message: ({ data }) => this.hear(data),
      open: () => this.opened(),
      // One that is connecting again comes back.
      close: (event) =>
        isConnecting(port) ? this.away(fieldOf(event, "code")) : this.disconnect("The port has closed"),
      ...(tagOf(port) === WORKER && { error: (event: object) => this.failed(event) }),
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
   * Resolves with the new job's record; under an `id` that the queue knows, finished or not, with the record that stands.
   * Rejects as the runner's own `createJob` throws, also for params that no port can carry; with code E_REFUSED where
   * they are larger than a message may be.
   */
  async createJob(
    type: string,
    params: Record<string, unknown> = {},
    options: QueueCreateOptions = {},
  ): Promise<JobRecord> {
    checkString("type", type);
    checkObject("options", options);
    needNoKey(options);
    const { id: given, priority, delay, timeout, retry: wanted } = options;
    const id = checkString("id", given) ?? `${this.name}-${++this.serial}`;
    const retry = typeof wanted === "object" && wanted !== null && !Array.isArray(wanted) ? defined(wanted) : wanted;
    // Without an end: none.
    const more = defined({ priority, delay, timeout: timeout === Infinity ? undefined : timeout, retry });
    // The number comes first: it is to be found also in a message that is too large to be read.
    try {
      return await this.askForJob((request) => {
        this.creating.set(id, request);
        return { request, type: "create_job", job_type: type, params, id, ...more } as ClientMessage;
      }, id);
    } finally {
      this.creating.delete(id);
    }
  }

  getJob(id: string): JobRecord | undefined {
    return this.mirror.get(id);
  }

  /** Running, then pending in the order they will start, then finished, newest first. */
  getAllJobs(): readonly JobRecord[] {
    return this.getSnapshot().jobs;
  }

  /** True: asked, or ended at once if it was pending. False: unknown or ended. Not awaited, it is never unhandled. */
  cancelJob(id: string, reason?: unknown): Promise<boolean> {
    const why = reasonText(reason);
    const more = why !== undefined && { reason: why };
    // Where the first asking has ended the job, and its answer got lost, the second finds it ended.
    const isDone = () => this.mirror.get(id)?.status === "cancelled";
    return quiet(this.askWhether((request) => ({ request, type: "cancel_job", job_id: id, ...more }), isDone));
  }

  /** False: unknown or ended. Not awaited, it is never unhandled. */
  setPriority(id: string, priority: Priority): Promise<boolean> {
    return quiet(this.askWhether((request) => ({ request, type: "set_priority", job_id: id, priority })));
  }

  /** A finished job again, as a new one. Rejects with code E_UNKNOWN_JOB or E_NOT_FINISHED. */
  async retryJob(id: string): Promise<JobRecord> {
    return this.askForJob((request) => ({ request, type: "retry_job", job_id: id }));
  }

  /** How many finished jobs were let go of. Not awaited, it is never unhandled. */
  clearCompleted(): Promise<number> {
    return quiet(this.clear());
  }

  /** Finished jobs are counted since the runner was made, also those it no longer keeps. */
  getQueueStats(): ManagerStats {
    return this.mirror.stats;
  }

  /**
   * One job: its present state first (`status`, and `progress` if it has made any), then what follows, then the end. For
   * a slow reader, unread progress gives way to the newest. Throws JobgateError with code E_UNKNOWN_JOB; breaks off with
   * E_CLOSED when nobody answers any more.
   */
  watch(id: string): ReadableStream<WatchEvent> {
    const record = this.mirror.get(id);
    if (record === undefined) throw new RunnerError(`There is no job "${textOf(id)}"`, "E_UNKNOWN_JOB");
    if (this.gone !== undefined) throw new RunnerError(this.gone, "E_CLOSED");
    return this.watches.watch(record);
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
    this.closed.abort();
    this.disconnect("The client was closed");
  }

  /** `id`: what the job is to have, where that is known. */
  private async askForJob(make: (request: number) => ClientMessage, id?: string): Promise<JobRecord> {
    const answer = await this.ask(make);
    if (answer.type === "error") throw refusalOf(answer);
    const job = answer.job ?? (id === undefined ? undefined : this.mirror.get(id));
    if (job === undefined) throw new RunnerError("The runner did not say which job it has made", "E_REFUSED");
    return job;
  }

  /** `isDone`: of what was asked more than once, whether it has been done all the same. */
  private async askWhether(make: (request: number) => ClientMessage, isDone = () => false): Promise<boolean> {
    const answer = await this.ask(make);
    if (answer.type === "ok") return true;
    if (answer.code === 404 || answer.code === 409) return answer.isAgain && isDone();
    throw refusalOf(answer);
  }

  private async clear(): Promise<number> {
    const answer = await this.ask((request) => ({ request, type: "clear_completed" }));
    if (answer.type === "error") throw refusalOf(answer);
    return answer.count ?? 0;
  }

  private ask(make: (request: number) => ClientMessage): ReturnType<Calls["ask"]> {
    if (this.gone !== undefined) throw new RunnerError(this.gone, "E_CLOSED");
    // What it took now would be sent by the next one, when this call has been given up with those before it.
    if (isConnecting(this.port)) this.calls.setOpen(false);
    return this.calls.ask((request) => {
      const message = toWire(make(request), this.port);
      if (message !== undefined) return message;
      throw new RunnerError(`A message may have ${MESSAGE.bytes} bytes at most`, "E_REFUSED");
    });
  }

  /** What was asked meanwhile follows, and what may have got lost; where it would be lost, once somebody answers. */
  private opened(): void {
    this.greet();
    if (!LOSSY.includes(tagOf(this.port))) this.calls.reopen();
  }

  /** Says that somebody is there. */
  private greet(): void {
    const { seq, instance } = this.mirror;
    const greeting = { acknowledges: true, protocol: PROTOCOL } as const;
    const whose = instance !== undefined && { instance };
    // A runner says its state of itself when it begins to serve; over a broadcast it may have begun before.
    const asked = seq === undefined ? ({ type: "get_state" } as const) : ({ type: "resume", seq, ...whose } as const);
    tryPost(this.port, { ...asked, ...greeting });
    // These do not say everywhere that their other end is gone: each end tells the other what it holds while it lives.
    if (LOCKED.includes(tagOf(this.port))) {
      holdLock((lock) => lock !== "" && tryPost(this.port, { type: "present", lock }));
    }
  }

  /** A worker whose script can't be loaded says so by an event without a message; one that throws may live on. */
  private failed(event: object): void {
    const message = fieldOf(event, "message");
    const why = typeof message === "string" ? `: ${message}` : "";
    if (why === "" || !this.connected) this.disconnect(`The worker could not be started${why}`);
  }

  /** Until the port has come back. `code`: why it was closed. */
  private away(code?: unknown): void {
    if (code === MESSAGE_TOO_BIG) this.calls.refuseLargest();
    this.calls.lose();
    this.disconnected();
  }

  private disconnect(why: string): void {
    this.gone = why;
    this.calls.setOpen(false);
    const error = new RunnerError(why, "E_CLOSED");
    this.calls.fail(error);
    this.watches.fail(error);
    this.disconnected();
  }

  private disconnected(): void {
    if (!this.connected) return;
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
    const id = this.mirror.apply(message);
    if (message.type === "ok") this.calls.answer(message);
    else if (message.type === "error") this.refused(message);
    else if (message.type === "job_created") this.created(message.job.id);
    else if (message.type === "present") {
      this.watching ??= whenFree(message.lock, this.closed.signal, () =>
        this.disconnect("The page or worker that answered is gone"),
      );
    } else if (message.type === "queue_state") {
      this.toldState(message);
      for (const id of this.creating.keys()) this.created(id);
      this.watches.tellAll((id) => this.mirror.get(id), message);
    }
    // What was missed may be told in place of the state.
    const isBack = !this.connected && "seq" in message && this.mirror.seq !== undefined;
    if (isBack) this.reached();
    if (id === undefined && !isBack) return;
    if (id) this.watches.tell(id, this.mirror.get(id), message);
    this.changed();
  }

  /** Of one that has not heard that ranks are known here: it listens only now, or is another than before. */
  private toldState({ ranks }: AnyServerMessage & { type: "queue_state" }): void {
    const isNew = ranks === undefined && (this.ranked || !this.connected) && LOSSY.includes(tagOf(this.port));
    this.ranked = ranks !== undefined;
    if (isNew) {
      this.greet();
      this.calls.reopen();
    }
    this.reached();
  }

  private reached(): void {
    this.connected = true;
    this.gone = undefined;
    this.calls.setOpen(true);
  }

  /** The answer of a runner of version 1. */
  private created(id: string): void {
    if (this.mirror.seq !== undefined) return;
    const request = this.creating.get(id);
    const job = this.mirror.get(id);
    if (request !== undefined && job !== undefined) this.calls.answer({ type: "ok", request, job, seq: 0 });
  }

  private refused(message: AnyServerMessage & { type: "error" }): void {
    if (message.code === GONE) {
      if (comesBack(this.port)) this.away();
      else this.disconnect(message.error);
    }
    const { job_id = "", request = this.creating.get(job_id) } = message;
    if (request !== undefined) this.calls.answer({ ...message, request });
  }
}

/** Without the fields that have no value. */
function defined(fields: object): object {
  return Object.fromEntries(Object.entries(fields).filter(([, value]) => value !== undefined));
}

function quiet<T>(promise: Promise<T>): Promise<T> {
  promise.catch(NOTHING);
  return promise;
}
