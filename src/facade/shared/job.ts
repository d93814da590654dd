// What users hold of a job, from any tab.

import { JobStopTimeoutError } from "../errors.js";
import { abortError } from "../support/abort.js";
import { checkObject, needFunction, needNumber } from "../support/check.js";
import { condense, newestOnly } from "../support/condense.js";
import { eventQueue } from "../support/event-queue.js";
import { deserialize } from "../support/serialize.js";
import type { Completion, JobEvent, Millis, Progress, Unsubscribe } from "../types.js";
import { Alarm } from "../wasm/alarm.js";
import { now } from "../wasm/clock.js";
import { SharedRunnerError } from "./errors.js";
import type { Latest, Mirror } from "./mirror.js";
import { AT, CANCELLED, COMPLETED, isOver } from "./numbers.js";
import { type Change, eventsOf, recordOf } from "./records.js";
import type { StoredJob } from "./rows.js";
import type { SharedJob, SharedRecord } from "./types.js";

/** What a job asks of its queue. */
export interface JobHost {
  readonly mirror: Mirror;
  send(job: StoredJob, action: unknown): Promise<void>;
  stop(job: StoredJob, reason: unknown): Promise<void>;
  /** The very object that was thrown, or given as a reason, in this tab. */
  thrown(job: StoredJob): { readonly value: unknown } | undefined;
}

export function completionOf(host: JobHost, job: StoredJob): Completion<unknown> {
  const status = job.row[AT.status];
  if (status === COMPLETED) return { type: "Normal", result: job.result };
  const own = host.thrown(job);
  if (status === CANCELLED) {
    const reason = own !== undefined ? own.value : job.reason === undefined ? abortError() : deserialize(job.reason);
    return { type: "Cancelled", reason };
  }
  return { type: "Failed", error: own !== undefined ? own.value : deserialize(job.error) };
}

/** As it is now; undefined: it is no longer kept. Who has its id then is another job. */
export function present({ mirror }: JobHost, job: StoredJob): StoredJob | undefined {
  return mirror.latest(job)?.job;
}

/** Settles with the job's end; a job that was let go of before that was heard of ended in some way that is not known. */
export function endOf(host: JobHost, job: StoredJob): Promise<Completion<unknown>> {
  return new Promise((resolve) => {
    const unknown = (error: Error = new SharedRunnerError(`The job "${job.id}" is no longer kept`, "E_UNKNOWN_JOB")) =>
      resolve({ type: "Failed", error });
    const known = present(host, job);
    const current = known ?? job;
    if (isOver(current.row)) resolve(completionOf(host, current));
    else if (known === undefined) unknown();
    else {
      const leave = host.mirror.listen(job.id, ({ after, failure }) => {
        const isKept = after?.incarnation === job.incarnation;
        if (isKept && !isOver(after.row)) return;
        leave();
        if (isKept) resolve(completionOf(host, after));
        else unknown(failure);
      });
    }
  });
}

/** Resolves when it has ended; rejects where nobody will hear of that. */
export async function whenEnded(host: JobHost, job: StoredJob): Promise<void> {
  const completion = await endOf(host, job);
  const { failure } = host.mirror;
  if (failure !== undefined && completion.type === "Failed" && completion.error === failure) throw failure;
}

class Handle implements SharedJob<unknown, unknown, unknown> {
  private readonly host: JobHost;
  private latest: Latest;
  private ending: Promise<Completion<unknown>> | undefined = undefined;
  private outcome: Promise<unknown> | undefined = undefined;
  /** Of a job that is kept no longer. */
  private kept: { readonly of: StoredJob; readonly record: SharedRecord } | undefined = undefined;

  constructor(host: JobHost, job: StoredJob) {
    this.host = host;
    this.latest = { job };
    // From now on.
    void this.job;
    for (const name of ["dispatch", "stop", "onStateChange", "onProgress", "events"] as const) {
      Object.defineProperty(this, name, { value: this[name].bind(this), configurable: true, writable: true });
    }
  }

  /** As it was seen last; it may be kept no longer. */
  private get job(): StoredJob {
    const { job } = this.latest;
    this.latest = this.host.mirror.latest(job) ?? this.latest;
    return this.latest.job;
  }

  get record(): SharedRecord {
    const { job } = this;
    const { mirror } = this.host;
    const known = present(this.host, job) && mirror.record(job.id);
    if (known !== undefined) return known;
    // The same object each time: hooks compare them.
    if (this.kept?.of !== job) this.kept = { of: job, record: recordOf(job, mirror.durable, undefined) };
    return this.kept.record;
  }

  get state(): unknown {
    return this.job.state;
  }

  get settled(): Promise<Completion<unknown>> {
    this.ending ??= endOf(this.host, this.job);
    return this.ending;
  }

  get result(): Promise<unknown> {
    if (this.outcome === undefined) {
      this.outcome = this.settled.then((completion) => {
        if (completion.type === "Normal") return completion.result;
        throw completion.type === "Failed" ? completion.error : completion.reason;
      });
      this.outcome.catch(() => {});
    }
    return this.outcome;
  }

  dispatch(action: unknown): Promise<void> {
    return this.host.send(this.job, action);
  }

  async stop(reason?: unknown, options: { timeout?: Millis } = {}): Promise<void> {
    checkObject("options", options);
    const timeout = options.timeout === undefined ? Infinity : needNumber("timeout", options.timeout);
    if (!(timeout >= 0)) throw new RangeError(`timeout must be a number of milliseconds, 0 or more, got ${timeout}`);
    const end = whenEnded(this.host, this.job);
    end.catch(() => {});
    await this.host.stop(this.job, reason);
    if (timeout === Infinity) {
      await end;
      return;
    }
    await new Promise<void>((resolve, reject) => {
      const alarm = new Alarm();
      const late = () => reject(new JobStopTimeoutError(`The job has not ended within ${timeout} ms`));
      alarm.set(now() + timeout, late);
      end.then(resolve, reject).finally(() => alarm.clear());
    });
  }

  onStateChange(listener: (state: unknown) => void): Unsubscribe {
    needFunction("listener", listener);
    return this.listen(({ before, after }) => {
      if (before !== undefined && after !== undefined && before.state !== after.state) listener(after.state);
    });
  }

  onProgress(listener: (progress: Progress) => void): Unsubscribe {
    needFunction("listener", listener);
    return this.listen((change) => {
      for (const event of this.eventsOf(change)) {
        if (event.type === "job_progress") listener({ percent: event.percent, message: event.message });
      }
    });
  }

  private listen(listener: (change: Change) => void): Unsubscribe {
    return this.host.mirror.listen(this.job.id, (change) => {
      if (change.after === undefined || change.after.incarnation === this.latest.job.incarnation) listener(change);
    });
  }

  private eventsOf(change: Change): JobEvent[] {
    return eventsOf(change, () => this.record);
  }

  events(): ReadableStream<JobEvent> {
    let leave: Unsubscribe = () => {};
    const queue = eventQueue<JobEvent>(() => leave(), condense);
    queue.push({ type: "job_created", job: this.record });
    if (isOver(this.job.row) || present(this.host, this.job) === undefined) {
      const { job } = this;
      for (const event of eventsOf({ before: undefined, after: job }, () => this.record).slice(1)) queue.push(event);
      queue.close();
      return queue.stream;
    }
    leave = this.listen((change) => {
      for (const event of this.eventsOf(change)) {
        if (event.type === "job_created" || event.type === "job_removed") continue;
        queue.push(event, newestOnly(event));
      }
      if (change.after !== undefined && !isOver(change.after.row)) return;
      leave();
      if (change.failure !== undefined) queue.fail(change.failure);
      else queue.close();
    });
    return queue.stream;
  }
}

export function handleOf<State, Action, Result>(host: JobHost, job: StoredJob): SharedJob<State, Action, Result> {
  return new Handle(host, job) as unknown as SharedJob<State, Action, Result>;
}
