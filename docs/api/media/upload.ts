import { gate, JobManager } from "jobgate";

export const uploads = new JobManager<string, unknown, never, string>({ concurrency: 2 });

const PART_BYTES = 256 * 1024;

/** In parts. A retry goes on after the last part that arrived; without a connection the job waits for one. */
export function upload(id: string, file: Blob) {
  const address = `/api/uploads/${id}`;
  return uploads.runJob(
    id,
    async ({ signal, progress }) => {
      await connection(signal, () => progress(0, "waiting for a connection"));
      let { received } = await answer(fetch(address, { signal }));
      while (received < file.size) {
        await connection(signal, () => progress((received / file.size) * 100, "waiting for a connection"));
        const body = file.slice(received, received + PART_BYTES);
        ({ received } = await answer(fetch(`${address}?offset=${received}`, { method: "PUT", body, signal })));
        progress((received / file.size) * 100, "uploading");
      }
      return `${received} bytes`;
    },
    { retry: { limit: 8, delay: 300, maxDelay: 10_000 } },
  ).job;
}

async function connection(signal: AbortSignal, waiting: () => void): Promise<void> {
  if (navigator.onLine) return;
  waiting();
  const online = gate();
  addEventListener("online", online.open, { once: true, signal });
  await online.wait({ signal });
}

async function answer(sent: Promise<Response>): Promise<{ received: number }> {
  const response = await sent;
  if (!response.ok) throw new Error(`the server answered ${response.status}`);
  return response.json();
}
