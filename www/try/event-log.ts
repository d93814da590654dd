import type { JobEvent } from "jobgate";
import { duration } from "../shared/format.ts";
import { manager } from "./manager.ts";

export interface LogLine {
  readonly number: number;
  readonly at: Date;
  readonly type: JobEvent["type"];
  readonly jobId: string;
  readonly text: string;
  /** How many events this line stands for: progress of one job follows itself in one line. */
  readonly times: number;
}

const KEPT_LINES = 200;

/** Adds an event to a list that is newest first. */
export function withEvent(lines: readonly LogLine[], event: JobEvent): readonly LogLine[] {
  if (event.type === "stats_update") return lines; // the panel of the manager shows them
  const jobId = event.type === "job_created" ? event.job.id : event.job_id;
  const line = { at: new Date(), type: event.type, jobId, text: textOf(event), times: 1 };
  if (event.type === "job_progress") {
    const latest = lines.find((one) => one.jobId === jobId);
    if (latest?.type === "job_progress") {
      return lines.map((one) => (one === latest ? { ...one, text: line.text, times: one.times + 1 } : one));
    }
  }
  return [{ ...line, number: (lines[0]?.number ?? 0) + 1 }, ...lines].slice(0, KEPT_LINES);
}

/** Hands on each event of the manager until the returned function is called. */
export function watchEvents(listener: (event: JobEvent) => void): () => void {
  const reader = manager.events().getReader();
  const read = async () => {
    for (;;) {
      const { done, value } = await reader.read();
      if (done) return;
      listener(value);
    }
  };
  void read();
  return () => void reader.cancel();
}

function textOf(event: Exclude<JobEvent, { type: "stats_update" }>): string {
  switch (event.type) {
    case "job_created":
      return `“${event.job.type}”, priority ${event.job.priority}`;
    case "job_started":
      return `attempt ${event.attempt}`;
    case "job_progress":
      return `${Math.floor(event.percent)} % ${event.message}`;
    case "job_log":
      return event.message;
    case "job_retrying":
      return `${event.error?.message ?? "failed"}; next attempt in ${duration(Math.max(0, event.retry_at - Date.now()))}`;
    case "job_completed":
      return String(event.result);
    case "job_failed":
      return `${event.error?.name ?? "Error"}: ${event.error?.message ?? ""}`;
    case "job_stopping":
    case "job_cancelled":
      return event.reason ?? "";
    case "job_removed":
      return "forgotten";
  }
}
