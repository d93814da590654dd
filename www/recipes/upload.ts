import { gate, JobManager, retryAfter } from "jobgate";

export const uploads = new JobManager<string, unknown, never, string>({ concurrency: 2 });

const PART_BYTES = 256 * 1024;

class Refused extends Error {
  constructor(readonly response: Response) {
    super(`the server answered ${response.status}`);
  }
}

/** In parts. A retry comes when the server wants it, and goes on after the last part that arrived; offline the job waits. */
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
    // Of a refusal without a Retry-After, and of any other error: after 1 s, 2 s, 4 s… or less
    {
      retry: {
        limit: 8,
        delay: (error) => (error instanceof Refused ? retryAfter(error.response) : undefined),
        maxDelay: 600_000, // what a server may ask for at most; 30 s where nothing is said
      },
    },
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
  if (!response.ok) throw new Refused(response);
  return response.json();
}
