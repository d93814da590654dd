import { JobRunner, jobFetch, jobHandler } from "jobgate/runner";

/** `fetch`, but that /api/jobs… is answered here. To move the jobs to a server, let it be `fetch` again. */
const ask = jobFetch(jobHandler(new JobRunner()));

/** Sent again with the same id, it starts nothing twice. */
export async function start(seconds: number, id: string): Promise<void> {
  const headers = { "Content-Type": "application/json", "Idempotency-Key": id };
  const body = JSON.stringify({ type: "countdown", params: { seconds } });
  const response = await ask("/api/jobs", { method: "POST", headers, body });
  if (!response.ok) throw new Error((await response.json()).error);
}

export const cancel = (id: string) => ask(`/api/jobs/${id}`, { method: "DELETE" });

/** What a job says: its present state first, its end last. */
export async function* follow(id: string) {
  const { body } = await ask(`/api/jobs/${id}/progress`);
  const reader = body!.pipeThrough(new TextDecoderStream()).getReader();
  let unread = "";
  for (let read = await reader.read(); !read.done; read = await reader.read()) {
    const frames = (unread + read.value).split("\n\n");
    unread = frames.pop()!;
    for (const frame of frames) {
      const [, event, data] = /^event: (.+)\ndata: (.+)$/m.exec(frame) ?? [];
      if (event && data) yield { event, data: JSON.parse(data) };
    }
  }
}
