import type { JobStatus } from "../types.js";

/** A record, a job: whatever has a status. */
export function hasEnded({ status }: { readonly status: JobStatus }): boolean {
  return status !== "pending" && status !== "running";
}
