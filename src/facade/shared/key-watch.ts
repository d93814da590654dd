// One key of a shared queue as one component sees it, for the hook of "jobgate/react".

import { hasEnded } from "../support/has-ended.js";
import { deserialize } from "../support/serialize.js";
import type { JobStatus, Progress, Unsubscribe } from "../types.js";
import { completionOf, handleOf, type JobHost, present } from "./job.js";
import { AT, COMPLETED, FAILED, isOver } from "./numbers.js";
import type { StoredJob } from "./rows.js";
import type { SharedJob, SharedRecord } from "./types.js";

export interface KeyView<State, Action, Result> {
  readonly job: SharedJob<State, Action, Result> | undefined;
  readonly record: SharedRecord | undefined;
  readonly state: State | undefined;
  readonly status: JobStatus | "idle";
  readonly isActive: boolean;
  readonly progress: Progress;
  readonly result: Result | undefined;
  readonly attempt: number;
  readonly readyAt: number | undefined;
  readonly lastError: unknown;
  readonly error: unknown;
}

// biome-ignore lint/suspicious/noExplicitAny: whatever its job is.
type AnyView = KeyView<any, any, any>;

const IDLE: AnyView = Object.freeze({
  job: undefined,
  record: undefined,
  state: undefined,
  status: "idle",
  isActive: false,
  progress: Object.freeze({ percent: 0, message: "" }),
  result: undefined,
  attempt: 0,
  readyAt: undefined,
  lastError: undefined,
  error: undefined,
});

type Counter = "incarnation" | "ended";

function later(one: StoredJob | undefined, other: StoredJob | undefined, by: Counter): StoredJob | undefined {
  if (one === undefined || other === undefined) return one ?? other;
  return (other[by] ?? 0) > (one[by] ?? 0) ? other : one;
}

/** As it is now, or as it ended; undefined: it was let go of before its end was heard of. */
function lastOf(host: JobHost, job: StoredJob): StoredJob | undefined {
  return present(host, job) ?? (isOver(job.row) ? job : undefined);
}

/** Who stands under the key, else the later of the last one seen here and of the latest that is kept. */
export class KeyWatch {
  private readonly host: JobHost;
  private readonly key: string;
  private seen: StoredJob | undefined = undefined;
  private completed: StoredJob | undefined = undefined;
  private handle: { readonly of: StoredJob; readonly job: AnyView["job"] } | undefined = undefined;
  private thrown: { readonly at: string; readonly error: unknown } | undefined = undefined;

  constructor(host: JobHost, key: string) {
    this.host = host;
    this.key = key;
  }

  readonly idle = IDLE;

  readonly subscribe = (changed: () => void): Unsubscribe => this.host.mirror.listenKey(this.key, () => changed());

  readonly getSnapshot = (): AnyView => {
    const { mirror } = this.host;
    const seen = this.seen && lastOf(this.host, this.seen);
    this.note(seen);
    this.seen = mirror.standing(this.key) ?? later(seen, mirror.lastEnded(this.key), "incarnation");
    this.completed = later(this.completed, mirror.lastCompleted(this.key), "ended");
    this.note(this.seen);
    return this.seen === undefined ? IDLE : this.viewOf(this.seen);
  };

  private note(job: StoredJob | undefined): void {
    if (job?.row[AT.status] === COMPLETED) this.completed = job;
  }

  private viewOf(job: StoredJob): AnyView {
    if (this.handle?.of.incarnation !== job.incarnation) this.handle = { of: job, job: handleOf(this.host, job) };
    const handle = this.handle.job!;
    const { record } = handle;
    const failure = isOver(job.row) ? undefined : this.host.mirror.failure;
    const status = failure === undefined ? record.status : "failed";
    const isFailed = job.row[AT.status] === FAILED;
    return {
      job: handle,
      record,
      state: job.state,
      status,
      isActive: !hasEnded({ status }),
      progress: job.progress,
      result: this.completed?.result,
      attempt: record.attempt,
      readyAt: record.ready_at,
      lastError: isOver(job.row) || job.error === undefined ? undefined : this.errorOf(job),
      error: failure ?? (isFailed ? this.errorOf(job) : undefined),
    };
  }

  /** The same object for as long as it is the same attempt's. */
  private errorOf(job: StoredJob): unknown {
    const { row, incarnation } = job;
    const at = `${incarnation} ${row[AT.failures]} ${row[AT.status]! === FAILED}`;
    if (this.thrown?.at !== at) {
      const completion = row[AT.status] === FAILED ? completionOf(this.host, job) : undefined;
      this.thrown = { at, error: completion?.type === "Failed" ? completion.error : deserialize(job.error) };
    }
    return this.thrown.error;
  }
}
