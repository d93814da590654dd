import type { AnyEntryJob } from "../manager/seam.js";
import type { JobRecord } from "../types.js";
import { now } from "../wasm/clock.js";
import type { Rank } from "./rank.js";
import type { CreateOptions } from "./types.js";

/** What a runner's job is made of. */
export interface TaskPlan {
  readonly id: string;
  readonly type: string;
  readonly params: Record<string, unknown>;
  readonly options: CreateOptions;
}

/** One job of a runner. A class, so that all have one shape: lists look at thousands of them. */
export class Task {
  /** The rules' number for it. */
  readonly number: number;
  readonly id: string;
  readonly type: string;
  readonly params: Record<string, unknown>;
  readonly options: CreateOptions;
  /** Set before anything can be asked of it. */
  job: AnyEntryJob = undefined as never;
  record: JobRecord | undefined = undefined;
  /** Its record may say what was. */
  isStale = true;
  /** By the engine's clock, which the wall clock does not move: durations come from these. NaN: not yet. */
  readonly createdTick = now();
  startedTick = NaN;
  endedTick = NaN;
  /** Once it has ended: where it is listed. */
  rank: Rank | undefined = undefined;
  /** Its end has been told. */
  ended = false;
  /** Why it was cancelled, in words. */
  endReason: string | undefined = undefined;

  constructor(number: number, { id, type, params, options }: TaskPlan) {
    this.number = number;
    this.id = id;
    this.type = type;
    this.params = params;
    this.options = options;
  }

  get hasStarted(): boolean {
    return !Number.isNaN(this.startedTick);
  }

  /** Seconds from its first start to its end. */
  get duration(): number {
    const millis = this.endedTick - this.startedTick;
    return Number.isNaN(millis) ? 0 : millis / 1000;
  }
}
