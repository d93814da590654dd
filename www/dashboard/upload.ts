import type { SharedJobType } from "jobgate/shared";
import { visitor } from "./visitor.ts";

const PART_BYTES = 128 * 1024;

async function answer(sent: Promise<Response>): Promise<{ received: number }> {
  const response = await sent;
  if (!response.ok) throw new Error(`The server answered ${response.status}`);
  return response.json();
}

/** Sends made-up bytes to this page's server, which goes on where it was: the key is the same in every tab. */
export const upload: SharedJobType<{ name: string; kilobytes: number }> = {
  name: "upload",
  description: "Sends bytes to this page's server, once, whichever tab lives",
  params: [
    { name: "name", type: "string", description: "As the server's log has it", min: 1, max: 80, default: "a file" },
    { name: "kilobytes", type: "integer", description: "How many", min: 1, max: 100_000, default: 2000 },
  ],
  requires: { online: true },
  async execute({ name, kilobytes }, { id, idempotencyKey = id, signal, progress, log }) {
    const bytes = new Blob([new Uint8Array(kilobytes * 1000)]);
    const address = `/api/deliveries/${visitor()}-${idempotencyKey}?name=${encodeURIComponent(name)}&size=${bytes.size}`;
    let { received } = await answer(fetch(address, { signal }));
    log(received === 0 ? "The server has nothing of it yet" : `The server has ${received} bytes of it already`);
    const tell = () => progress((received / bytes.size) * 100, `${received} of ${bytes.size} bytes`);
    tell();
    while (received < bytes.size) {
      const body = bytes.slice(received, received + PART_BYTES);
      ({ received } = await answer(fetch(`${address}&offset=${received}`, { method: "PUT", body, signal })));
      tell();
    }
    return { name, bytes: received };
  },
};

/** Many tries, not far apart: the server may be away for a minute. */
export const uploadOptions = { retry: { limit: 50, maxDelay: 5000 } };
