/**
 * What a skilled person would write by hand in plain JavaScript to have jobgate's everyday features: one job per key,
 * priorities, states, status listeners, honest cancelling (a slot is free once the body has settled), statistics,
 * delay, retry, timeout and signal. Fast, and no rule left out for speed.
 */
import { AttemptContext, CANCELLED, COMPLETED, Extra, FAILED, FullJob, PENDING, RUNNING } from "./js-full-job.mjs";
import { ReadyQueue } from "./ready-queue.mjs";

export class FullManager {
  constructor({ concurrency = Infinity } = {}) {
    this.concurrency = concurrency;
    this.epoch = Date.now();
    this.byKey = new Map();
    this.ready = new ReadyQueue();
    this.listeners = new Set();
    this.idleWaiters = [];
    this.signals = new Map();
    this.lastNumber = 0;
    this.running = 0;
    this.completed = 0;
    this.failed = 0;
    this.cancelled = 0;
  }

  runJob(key, factory, options) {
    const standing = this.byKey.get(key);
    if (standing !== undefined) return { type: "JOB_ALREADY_RUNNING", job: standing };
    const now = Date.now() - this.epoch;
    const job = new FullJob(this, ++this.lastNumber, key, factory, options?.priority ?? 0, options?.initialState, now);
    this.byKey.set(key, job);
    if (options !== undefined && (options.delay > 0 || options.signal || options.retry || options.timeout))
      this.setLimits(job, options);
    if (job.code === PENDING && !(options?.delay > 0)) {
      if (this.running < this.concurrency) this.start(job, now);
      else this.ready.push(job);
    }
    if (this.listeners.size > 0) this.changed(job);
    return { type: "JOB_CREATED", job };
  }

  get stats() {
    const { running, completed, failed, cancelled } = this;
    const pending = this.byKey.size - running;
    return { pending, running, completed, failed, cancelled, total: this.lastNumber };
  }

  subscribe(listener) {
    const entry = (job) => listener(job);
    this.listeners.add(entry);
    return () => this.listeners.delete(entry);
  }

  onIdle() {
    if (this.byKey.size === 0) return Promise.resolve();
    return new Promise((resolve) => this.idleWaiters.push(resolve));
  }

  stopAll(reason = new DOMException("All jobs were stopped.", "AbortError")) {
    const barriers = [];
    for (const job of [...this.byKey.values()]) {
      const stopped = job.stop(reason);
      if (job.code === RUNNING) barriers.push(stopped);
    }
    return Promise.all(barriers);
  }

  start(job, now) {
    this.running++;
    if (job.started < 0) job.started = now;
    job.code = RUNNING;
    const context = job.extra === undefined ? job : this.started(job);
    let value;
    try {
      value = job.factory(context);
    } catch (error) {
      value = Promise.reject(error);
    }
    if (typeof value?.then !== "function") value = Promise.resolve(value);
    value.then(
      (result) => this.settled(job, true, result),
      (error) => this.settled(job, false, error),
    );
  }

  /** The body has returned: the slot is free. Ended, unless a retry follows. */
  settled(job, fulfilled, value) {
    this.running--;
    const now = Date.now() - this.epoch;
    const limits = job.extra?.limits;
    if (limits !== undefined) clearTimeout(limits.timer);
    if (job.stopping) this.end(job, CANCELLED, undefined, now);
    else if (limits?.timedOut) this.failOrRetry(job, limits.timedOut, now);
    else if (fulfilled) this.end(job, COMPLETED, value, now);
    else this.failOrRetry(job, value, now);
    if (this.ready.size > 0 && this.running < this.concurrency) this.start(this.ready.shift(), now);
  }

  failOrRetry(job, error, now) {
    const limits = job.extra?.limits;
    if (limits === undefined || limits.attempt > limits.retries) {
      this.end(job, FAILED, error, now);
      return;
    }
    job.code = PENDING;
    job.extra.controller = undefined;
    this.wait(job, Math.random() * Math.min(30000, 1000 * 2 ** (limits.attempt - 1)));
  }

  end(job, code, value, now) {
    job.code = code;
    job.finished = now;
    job.value = value;
    if (code === COMPLETED) this.completed++;
    else if (code === FAILED) this.failed++;
    else this.cancelled++;
    this.byKey.delete(job.key);
    if (job.extra !== undefined) this.ended(job);
    if (this.listeners.size > 0) this.changed(job);
    if (this.byKey.size === 0) for (const resolve of this.idleWaiters.splice(0)) resolve();
  }

  stopOne(job, reason) {
    const extra = (job.extra ??= new Extra());
    extra.stopping = true;
    extra.given = reason;
    if (job.code === RUNNING) {
      extra.controller?.abort(extra.reason);
      return;
    }
    if (!this.ready.remove(job)) clearTimeout(extra.limits?.timer);
    this.end(job, CANCELLED, undefined, Date.now() - this.epoch);
  }

  setLimits(job, { delay = 0, retry = 0, timeout = 0, signal }) {
    const limits = { attempt: 0, retries: retry, timeout, timer: undefined, timedOut: undefined, signal };
    job.extra = new Extra();
    job.extra.limits = limits;
    if (signal !== undefined) {
      this.watch(signal, job);
      if (signal.aborted) {
        this.stopOne(job, signal.reason);
        return;
      }
    }
    if (delay > 0) this.wait(job, delay);
  }

  /** One listener per signal, however many jobs share it: adding a listener takes time in proportion to those it has. */
  watch(signal, job) {
    let watch = this.signals.get(signal);
    if (watch === undefined) {
      const jobs = new Set();
      const onAbort = () => {
        for (const watched of jobs) void watched.stop(signal.reason);
      };
      watch = { jobs, onAbort };
      this.signals.set(signal, watch);
      signal.addEventListener("abort", onAbort);
    }
    watch.jobs.add(job);
  }

  unwatch(signal, job) {
    const { jobs, onAbort } = this.signals.get(signal);
    jobs.delete(job);
    if (jobs.size > 0) return;
    this.signals.delete(signal);
    signal.removeEventListener("abort", onAbort);
  }

  wait(job, delay) {
    job.extra.limits.timer = setTimeout(() => {
      const now = Date.now() - this.epoch;
      if (this.running < this.concurrency) this.start(job, now);
      else this.ready.push(job);
    }, delay);
  }

  /** What only jobs with extras need at a start; gives the body's context. */
  started(job) {
    const { limits, statusListeners } = job.extra;
    if (statusListeners !== undefined) for (const listener of statusListeners) listener(job.status);
    if (limits === undefined) return job;
    limits.attempt++;
    const context = limits.retries > 0 ? new AttemptContext(job) : job;
    if (limits.timeout === 0) return context;
    limits.timedOut = undefined;
    limits.timer = setTimeout(() => {
      limits.timedOut = new DOMException("The attempt took too long.", "TimeoutError");
      job.extra.controller?.abort(limits.timedOut);
    }, limits.timeout);
    return context;
  }

  ended(job) {
    const { limits, result, stopped, statusListeners } = job.extra;
    if (limits?.signal !== undefined) this.unwatch(limits.signal, job);
    if (result !== undefined) job.settleResult();
    stopped?.resolve();
    if (statusListeners !== undefined) for (const listener of statusListeners) listener(job.status);
  }

  changed(job) {
    for (const listener of this.listeners) listener(job);
  }
}
