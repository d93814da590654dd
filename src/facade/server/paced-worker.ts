import { type Job, WaitingError, Worker } from "bullmq";
import { fieldOf } from "../support/look.js";
import { setTimer } from "../support/time.js";
import type { StoredData } from "./record.js";

const PAUSE = 500;

/** Redis is there, and has said no: for want of memory, of a disk or replicas, of a right. */
export function isRefusal(error: unknown): boolean {
  return fieldOf(error, "name") === "ReplyError";
}

const pause = () => new Promise<void>((resolve) => setTimer(resolve, PAUSE));

/**
 * BullMQ's own asks for the next job again at once where that was refused: thousands of times a second. And what a body
 * has come to it tells once: a result that is refused becomes the job's failure, with Redis' words.
 */
export class PacedWorker extends Worker<StoredData> {
  protected override async moveToActive(token: string, name?: string): Promise<Job<StoredData>> {
    try {
      return await super.moveToActive(token, name);
    } catch (error) {
      if (isRefusal(error)) await pause();
      throw error;
    }
  }

  protected override handleCompleted(...told: Parameters<Worker["handleCompleted"]>): Promise<Job<StoredData>> {
    return this.untilTaken(() => super.handleCompleted(...told));
  }

  protected override handleFailed(...told: Parameters<Worker["handleFailed"]>): Promise<Job<StoredData>> {
    const [, job] = told;
    const before = job.stacktrace;
    return this.untilTaken(async () => {
      try {
        // Each telling appends the error's own.
        job.stacktrace = [...(before ?? [])];
        return await super.handleFailed(...told);
      } catch (error) {
        // Told again by BullMQ where there was no connection.
        job.stacktrace = before;
        throw error;
      }
    });
  }

  /** Or until the worker closes: then it is left as it is, and run again once its lock has run out. */
  private async untilTaken<T>(tell: () => Promise<T>): Promise<T> {
    for (;;) {
      try {
        return await tell();
      } catch (error) {
        if (!isRefusal(error)) throw error;
        if (this.closing !== undefined) throw new WaitingError();
        this.emit("error", error as Error);
        await pause();
      }
    }
  }
}
