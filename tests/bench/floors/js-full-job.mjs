import { deferred } from "./deferred.mjs";

/** Statuses in the order that a job goes through them: everything from COMPLETED on has ended. */
export const PENDING = 0;
export const RUNNING = 1;
export const COMPLETED = 2;
export const FAILED = 3;
export const CANCELLED = 4;
const NAMES = ["pending", "running", "completed", "failed", "cancelled"];
const RESOLVED = Promise.resolve();

/** A job as its watchers see it. What few jobs need (listeners, promises, a signal, retries) is in `extra`, made on first use. */
export class FullJob {
  constructor(manager, number, key, factory, priority, state, created) {
    this.manager = manager;
    this.number = number;
    this.key = key;
    this.factory = factory;
    this.priority = priority;
    this.state = state;
    this.code = PENDING;
    this.created = created; // milliseconds since the manager began: a small integer needs no box
    this.started = -1;
    this.finished = -1;
    this.value = undefined; // the result or the error, by code
    this.before = null; // neighbours among the pending
    this.after = null;
    this.extra = undefined;
  }

  get id() {
    return `job-${this.number}`;
  }
  get status() {
    return NAMES[this.code];
  }
  get stopping() {
    return this.extra?.stopping;
  }
  get attempt() {
    return this.extra?.limits?.attempt ?? (this.started < 0 ? 0 : 1);
  }
  get completion() {
    const { code, value } = this;
    if (code === COMPLETED) return { type: "Normal", result: value };
    if (code === FAILED) return { type: "Failed", error: value };
    return code === CANCELLED ? { type: "Cancelled", reason: this.extra.reason } : undefined;
  }
  get createdAt() {
    return this.manager.epoch + this.created;
  }
  get startedAt() {
    return this.started < 0 ? undefined : this.manager.epoch + this.started;
  }
  get finishedAt() {
    return this.finished < 0 ? undefined : this.manager.epoch + this.finished;
  }

  get result() {
    const extra = (this.extra ??= new Extra());
    if (extra.result === undefined) {
      extra.result = deferred();
      extra.result.promise.catch(() => {});
      if (this.code >= COMPLETED) this.settleResult();
    }
    return extra.result.promise;
  }

  get signal() {
    const extra = (this.extra ??= new Extra());
    if (extra.controller === undefined) {
      extra.controller = new AbortController();
      if (this.stopping) extra.controller.abort(extra.reason);
    }
    return extra.controller.signal;
  }

  stop(reason) {
    if (this.code >= COMPLETED) return RESOLVED;
    if (!this.stopping) this.manager.stopOne(this, reason);
    if (this.code >= COMPLETED) return RESOLVED;
    this.extra.stopped ??= deferred();
    return this.extra.stopped.promise;
  }

  onStateChange(listener) {
    return subscribe((this.extra ??= new Extra()), "stateListeners", listener);
  }

  onStatusChange(listener) {
    return subscribe((this.extra ??= new Extra()), "statusListeners", listener);
  }

  setState(state) {
    this.state = state;
    const listeners = this.extra?.stateListeners;
    if (listeners !== undefined) for (const listener of listeners) listener(state);
  }

  settleResult() {
    const { result } = this.extra;
    if (this.code === COMPLETED) result.resolve(this.value);
    else result.reject(this.code === FAILED ? this.value : this.extra.reason);
  }
}

/**
 * What the body of a job with retries is given: one per attempt, so that an attempt that was given up can no longer
 * speak. A body that runs once is given the job itself.
 */
export class AttemptContext {
  constructor(job) {
    this.job = job;
    this.attempt = job.attempt;
  }
  get id() {
    return this.job.id;
  }
  get signal() {
    return this.job.signal;
  }
  get state() {
    return this.job.state;
  }
  setState(state) {
    if (this.job.code === RUNNING && this.job.attempt === this.attempt) this.job.setState(state);
  }
}

export class Extra {
  constructor() {
    this.result = undefined;
    this.stopped = undefined;
    this.stopping = false;
    this.controller = undefined;
    this.given = undefined;
    this.stateListeners = undefined;
    this.statusListeners = undefined;
    this.limits = undefined;
  }

  /** Why the job was stopped. Where the caller gave no reason it is made when someone asks: a DOMException costs microseconds. */
  get reason() {
    this.given ??= new DOMException("The job was stopped.", "AbortError");
    return this.given;
  }
}

function subscribe(extra, name, listener) {
  extra[name] ??= new Set();
  const listeners = extra[name];
  const entry = (value) => listener(value);
  listeners.add(entry);
  return () => listeners.delete(entry);
}
