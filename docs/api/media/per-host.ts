import { JobManager } from "jobgate";

const requests = new JobManager<string, unknown, never, string>({ groupConcurrency: 2 });

/** Two requests at a time to each host, whatever the number of callers; the same address is asked for once. */
export function get(address: string) {
  return requests.runJob(
    address,
    async ({ signal }) => {
      const response = await fetch(`/api/proxy?url=${encodeURIComponent(address)}`, { signal });
      if (!response.ok) throw new Error(`the server answered ${response.status}`);
      return response.text();
    },
    { group: new URL(address).host },
  ).job;
}
