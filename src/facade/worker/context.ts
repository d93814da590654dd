import type { TaskContext } from "../runner/types.js";
import { textOf } from "../support/look.js";
import { Hold } from "../support/turn.js";
import type { Reports } from "./reports.js";

/** What a body in a worker is given. Methods work detached. */
export interface WorkerContext extends TaskContext {
  /**
   * The job's state on the page. It is cloned as it is now; one that can't be throws a DataCloneError. State, progress
   * and log go to the page in one message every 16 ms at most; the last of them before the job's end.
   */
  setState(state: unknown): void;
  /**
   * Whether the job was asked to end. Where the page is cross-origin isolated it says so at once, also in a loop that
   * never lets the event loop have a turn; elsewhere as soon as `checkpoint` or anything else has.
   */
  aborted(): boolean;
}

/** Job types by name: what they do with their params. Params and results are structured clones. */
// biome-ignore lint/suspicious/noExplicitAny: bodies of all kinds of params.
export type WorkerTypes = Record<string, (params: any, context: WorkerContext) => unknown>;

export class Running {
  readonly task: number;
  readonly reports: Reports;
  private readonly flag: Int32Array | undefined;
  private controller: AbortController | undefined = undefined;
  private stop: { readonly reason: unknown } | undefined = undefined;
  private readonly hold = new Hold();

  constructor(task: number, reports: Reports, flag: Int32Array | undefined) {
    this.task = task;
    this.reports = reports;
    this.flag = flag;
  }

  /** The page asks it to end. */
  abort(reason: unknown): void {
    this.stop ??= { reason };
    this.controller?.abort(reason);
  }

  get signal(): AbortSignal {
    if (this.controller === undefined) {
      this.controller = new AbortController();
      if (this.stop !== undefined) this.controller.abort(this.stop.reason);
    }
    return this.controller.signal;
  }

  aborted(): boolean {
    return this.stop !== undefined || (this.flag !== undefined && Atomics.load(this.flag, 0) === this.task);
  }

  async checkpoint(): Promise<void> {
    if (this.hold.isLong) await this.hold.takeTurn();
    // The flag is ahead of the message that brings the reason.
    while (this.stop === undefined && this.aborted()) await this.hold.takeTurn();
    if (this.stop !== undefined) throw this.stop.reason;
  }
}

/** A class: an object literal with a getter and six functions made the most of what an empty job took here. */
export class Context implements WorkerContext {
  readonly id: string;
  readonly attempt: number;
  private readonly running: Running;

  constructor(running: Running, id: string, attempt: number) {
    this.running = running;
    this.id = id;
    this.attempt = attempt;
  }

  get signal(): AbortSignal {
    return this.running.signal;
  }

  readonly progress = (percent: number, message: unknown = ""): void => {
    if (typeof percent !== "number") throw new TypeError(`percent must be a number, got ${typeof percent}`);
    if (!Number.isFinite(percent)) throw new RangeError(`percent must be a finite number, got ${percent}`);
    this.running.reports.progress(percent, textOf(message));
  };
  readonly log = (message: unknown): void => this.running.reports.log(textOf(message));
  readonly setState = (state: unknown): void => this.running.reports.state(state);
  readonly checkpoint = (): Promise<void> => this.running.checkpoint();
  readonly aborted = (): boolean => this.running.aborted();
}
