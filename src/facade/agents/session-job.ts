import { hasTimedOut, JobHandle } from "../manager/seam.js";
import type { Completion } from "../types.js";
import type { AgentWorker, WorkerJob, WorkerState } from "./types.js";

/** A worker's job as its watchers hold it. */
export class SessionJob extends JobHandle<string, WorkerState, never, void> implements WorkerJob {
  // Both are set before anyone has it. Of a job that waits behind others its manager has another key.
  declare worker: AgentWorker;
  declare key: string;

  get hasTimedOut(): boolean {
    return hasTimedOut(this);
  }

  readonly cancel = (reason?: unknown): void => void this.stop(reason);
  readonly wait = (): Promise<Completion<void>> => this.settled;
}
