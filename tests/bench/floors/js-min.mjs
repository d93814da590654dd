import { deferred } from "./deferred.mjs";

/**
 * The least that runs jobs once per key: a Map of jobs, a Set of listeners, a counter, first in first out.
 * No priorities, no states, no statistics, no cancelling. Nothing that keeps these promises can do less.
 */
export class MinManager {
  constructor(concurrency = Infinity) {
    this.concurrency = concurrency;
    this.jobs = new Map();
    this.listeners = new Set();
    this.running = 0;
    this.queue = [];
    this.head = 0;
    this.idleWaiters = [];
  }

  runJob(key, factory) {
    const standing = this.jobs.get(key);
    if (standing !== undefined) return { type: "JOB_ALREADY_RUNNING", job: standing };
    const job = new MinJob(this, key, factory);
    this.jobs.set(key, job);
    if (this.running < this.concurrency) this.start(job);
    else this.queue.push(job);
    return { type: "JOB_CREATED", job };
  }

  onIdle() {
    if (this.jobs.size === 0) return Promise.resolve();
    return new Promise((resolve) => this.idleWaiters.push(resolve));
  }

  start(job) {
    this.running++;
    job.factory().then(
      (value) => this.end(job, value, undefined),
      (error) => this.end(job, undefined, { error }),
    );
  }

  end(job, value, failure) {
    this.running--;
    this.jobs.delete(job.key);
    job.end(value, failure);
    for (const listener of this.listeners) listener(job);
    if (this.head < this.queue.length) {
      const next = this.queue[this.head];
      this.queue[this.head++] = undefined;
      this.start(next);
    } else if (this.jobs.size === 0) {
      this.queue.length = this.head = 0;
      for (const resolve of this.idleWaiters.splice(0)) resolve();
    }
  }
}

class MinJob {
  constructor(manager, key, factory) {
    this.manager = manager;
    this.key = key;
    this.factory = factory;
    this.ended = false;
    this.value = undefined;
    this.failure = undefined;
    this.settle = undefined;
  }

  get result() {
    if (this.failure) return Promise.reject(this.failure.error);
    if (this.ended) return Promise.resolve(this.value);
    this.settle ??= deferred();
    return this.settle.promise;
  }

  end(value, failure) {
    this.ended = true;
    this.value = value;
    this.failure = failure;
    if (this.settle === undefined) return;
    if (failure) this.settle.reject(failure.error);
    else this.settle.resolve(value);
  }
}
