import { JobManager, NonRetriableError } from "jobgate";

export const reports = new JobManager<string, unknown, never, string>();

/** Asks until the report is ready: after 0.2 s, 0.4 s, 0.8 s… up to every 5 s, and for a minute at most. */
export function report(id: string) {
  return reports.runJob(
    id,
    async ({ signal, attempt, progress }) => {
      progress(0, `asking, time ${attempt}`);
      const response = await fetch(`/api/reports/${id}`, { signal });
      if (response.status === 202) throw new Error("not ready yet");
      if (!response.ok) throw new NonRetriableError(`the server answered ${response.status}`);
      return response.text();
    },
    {
      retry: { limit: 50, delay: 200, backoff: "exponential", maxDelay: 5_000, jitter: "none" },
      signal: AbortSignal.timeout(60_000),
    },
  ).job;
}
