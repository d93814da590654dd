import type { JobRecord } from "jobgate";
import type { Run } from "./host/protocol.ts";

/** A job's attempts: those that the host told of, else the one that its record shows. */
export function runsOf(job: JobRecord, told: ReadonlyMap<string, readonly Run[]>): readonly Run[] {
  const known = told.get(job.id);
  if (known) return known;
  const { started_at: from, completed_at: to, attempt } = job;
  if (from === undefined) return [];
  return [{ attempt: Math.max(1, attempt), from, ...(to !== undefined && { to }) }];
}
