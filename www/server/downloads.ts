import { createReadStream, readFileSync, statSync } from "node:fs";
import type { ServerResponse } from "node:http";
import { pipeline } from "node:stream/promises";
import { setTimeout as sleep } from "node:timers/promises";
import { Adler32 } from "../shared/adler32.ts";

/** One connection as the server saw it. `sentBytes` counts what was handed to the connection. */
export interface DownloadRecord {
  readonly id: string;
  readonly file: string;
  readonly totalBytes: number;
  sentBytes: number;
  /** Epoch milliseconds. */
  readonly beganAt: number;
  endedAt?: number;
  outcome: "open" | "finished" | "closed early";
}

const KEPT_RECORDS = 100;
const LARGEST_CHUNK = 64 * 1024;

/** Hands out chunks at `rate` bytes a second. Time lost to a reader that waits is not made up for. */
async function* paced(chunks: AsyncIterable<Buffer>, rate: number, sent: (bytes: number) => void) {
  let due = performance.now();
  for await (const chunk of chunks) {
    due = Math.max(due, performance.now()) + (chunk.length / rate) * 1000;
    const wait = due - performance.now();
    if (wait > 1) await sleep(wait);
    yield chunk;
    sent(chunk.length);
  }
}

/** Streams files at a chosen rate and remembers how each connection ended. */
export class Downloads {
  readonly #records = new Map<string, { record: DownloadRecord; closed: Promise<void> }>();
  readonly #checksums = new Map<string, string>();

  /** `rate` in bytes a second; Infinity does not hold back. */
  async send(path: string, id: string, rate: number, type: string, response: ServerResponse): Promise<void> {
    const record: DownloadRecord = {
      id,
      file: path.split("/").at(-1) ?? path,
      totalBytes: statSync(path).size,
      sentBytes: 0,
      beganAt: Date.now(),
      outcome: "open",
    };
    this.#remember(record, response);
    response.writeHead(200, {
      "Content-Type": type,
      "Content-Length": record.totalBytes,
      "Cache-Control": "no-store",
      "X-Adler-32": this.#checksum(path),
    });
    const highWaterMark = Math.round(Math.min(LARGEST_CHUNK, Math.max(4, rate / 20)));
    const file = createReadStream(path, { highWaterMark });
    const count = (bytes: number) => {
      record.sentBytes += bytes;
    };
    // A reader that goes away ends the pipeline with an error; the record already says so.
    await pipeline(file, (chunks) => paced(chunks, rate, count), response).catch(() => undefined);
  }

  list(): DownloadRecord[] {
    return [...this.#records.values()].map(({ record }) => record);
  }

  /** Resolves when that connection is over; undefined for an id never seen. */
  async ended(id: string): Promise<DownloadRecord | undefined> {
    const known = this.#records.get(id);
    await known?.closed;
    return known?.record;
  }

  #remember(record: DownloadRecord, response: ServerResponse): void {
    const closed = new Promise<void>((resolve) => {
      response.once("close", () => {
        record.outcome = response.writableFinished ? "finished" : "closed early";
        record.endedAt = Date.now();
        resolve();
      });
    });
    this.#records.delete(record.id);
    this.#records.set(record.id, { record, closed });
    const [oldest] = this.#records.keys();
    if (this.#records.size > KEPT_RECORDS && oldest !== undefined) this.#records.delete(oldest);
  }

  #checksum(path: string): string {
    const known = this.#checksums.get(path);
    if (known !== undefined) return known;
    const sum = new Adler32();
    sum.update(readFileSync(path));
    this.#checksums.set(path, sum.digest());
    return sum.digest();
  }
}
