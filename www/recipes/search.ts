import { JobManager } from "jobgate";

const searches = new JobManager<string, unknown, never, readonly string[]>();

/** On every key stroke: the search before is stopped, its wait or its request, and only the latest is shown. */
export function search(text: string, show: (found: readonly string[], error?: unknown) => void) {
  const body = async ({ signal }: { signal: AbortSignal }) => {
    const response = await fetch(`/api/search?q=${encodeURIComponent(text)}`, { signal });
    if (!response.ok) throw new Error(`the server answered ${response.status}`);
    return response.json();
  };
  const { job } = searches.runJob("search", body, { onDuplicate: "replace", delay: 200 });
  void job.settled.then((completion) => {
    if (completion.type === "Normal") show(completion.result);
    else if (completion.type === "Failed") show([], completion.error);
  });
  return job;
}
