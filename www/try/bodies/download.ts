import { Adler32 } from "../../shared/adler32.ts";
import { megabytes } from "../../shared/format.ts";
import { type Body, type Context, note, pausePoint, requestId } from "./body.ts";

/** Streams a file of the page's own server. `rate` is in bytes a second; undefined is as fast as it goes. */
export function download(rate: number | undefined): Body {
  return async (context) => {
    const id = `${requestId(context)}-${context.attempt}`;
    const query = new URLSearchParams({ id, ...(rate === undefined ? {} : { rate: String(rate) }) });
    const paused = pausePoint(context);
    try {
      const response = await fetch(`/files/sample.bin?${query}`, { signal: context.signal });
      if (!response.ok || !response.body) throw new Error(`the server answered ${response.status}`);
      note(context, "connection open");

      const total = Number(response.headers.get("content-length"));
      const checksum = new Adler32();
      const reader = response.body.getReader();
      let received = 0;
      for (;;) {
        await paused();
        const { done, value } = await reader.read();
        if (done) break;
        received += value.length;
        checksum.update(value);
        context.progress((received / total) * 100, `${megabytes(received)} of ${megabytes(total)}`);
      }
      if (checksum.digest() !== response.headers.get("x-adler-32")) throw new Error("the bytes arrived damaged");
      note(context, "connection finished");
      return `${megabytes(received)}, checksum ${checksum.digest()} as the server says`;
    } finally {
      if (context.signal.aborted) await confirmClosed(context, id);
    }
  };
}

/** The server answers once it has seen the connection end, so the job does not end before that. */
async function confirmClosed(context: Context, id: string): Promise<void> {
  const response = await fetch(`/download-log?${new URLSearchParams({ id })}`);
  if (!response.ok) return; // Stopped before the request had reached the server.
  const record: { sentBytes: number; outcome: string } = await response.json();
  const seen = `connection ${record.outcome} after ${megabytes(record.sentBytes)}`;
  note(context, seen);
  context.log(`the server says: ${seen}`);
}
