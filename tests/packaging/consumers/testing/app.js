import { JobManager } from "jobgate";

export const jobs = new JobManager();

/** Saves a text, and tries again for a while: after a second, then after two. */
export function save(text, send) {
  return jobs.runJob("save", ({ signal }) => send(text, signal), { retry: { limit: 2, delay: 1000 } }).job;
}

/** The body of a job. */
export async function upload({ progress, signal, setState }, parts, send) {
  for (const [at, part] of parts.entries()) {
    signal.throwIfAborted();
    setState(await send(part));
    progress(((at + 1) / parts.length) * 100, `part ${at + 1}`);
  }
}
