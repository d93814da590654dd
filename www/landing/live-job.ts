import { JobManager } from "jobgate";
import type { StopBarrier } from "../shared/Barrier.tsx";
import { download } from "../try/bodies/download.ts";
import type { WorkAction, WorkState } from "../try/manager.ts";

const BYTES_PER_SECOND = 3_000_000;

export const jobs = new JobManager<string, WorkState, WorkAction, string>({ retain: 1 });
export const KEY = "file";

/** A file of this page's server, streamed. While it comes, whoever asks for it is given the job that stands. */
export const start = () =>
  jobs.runJob(KEY, download(BYTES_PER_SECOND), {
    initialState: { work: "download", paused: false, note: "" },
  });

/** The barrier is told of twice: shut, and open once the server has seen the connection end. */
export async function stop(told: (barrier: StopBarrier) => void): Promise<void> {
  const askedAt = performance.now();
  told({ askedAt, openAfter: undefined });
  await jobs.stopJob(KEY, "the visitor pressed Stop");
  told({ askedAt, openAfter: performance.now() - askedAt });
}
