import { JobManager } from "jobgate";

export const UNDO_MS = 5_000;

const deletions = new JobManager<string>();

/** Deletes in five seconds. Until then the job is pending, and nothing has been sent. */
export function remove(message: string) {
  const body = async () => {
    const response = await fetch(`/api/messages/${message}`, { method: "DELETE" });
    if (!response.ok) throw new Error(`the server answered ${response.status}`);
  };
  return deletions.runJob(message, body, { delay: UNDO_MS }).job;
}

/** A pending job ends at once, and its body never starts. */
export const undo = (message: string) => deletions.stopJob(message, "undone");
