import { exposeJobs, type WorkerContext } from "jobgate/worker";
import { Adler32 } from "../shared/adler32.ts";

const PIECE_BYTES = 1024 * 1024;

const jobs = {
  /** One piece in memory at a time; `file.stream()` may hand out all of it at once. A File comes to a worker uncopied. */
  async checksum(file: Blob, { progress, checkpoint }: WorkerContext) {
    const sum = new Adler32();
    for (let at = 0; at < file.size; at += PIECE_BYTES) {
      sum.update(new Uint8Array(await file.slice(at, at + PIECE_BYTES).arrayBuffer()));
      progress((Math.min(at + PIECE_BYTES, file.size) / file.size) * 100);
      await checkpoint(); // throws once the job is asked to stop
    }
    return sum.digest();
  },
};

export type Jobs = typeof jobs;
exposeJobs(jobs);
