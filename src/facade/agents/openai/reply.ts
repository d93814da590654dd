// What `fetch` gives, the page's own or one that stands in for it: looked at guarded, whatever realm it is of.

import { fieldOf } from "../../support/look.js";
import { promiseOf } from "../../support/settling.js";
import { untilAborted } from "../signals.js";

/** The head of an answer. */
export class Reply {
  readonly status: number;
  readonly statusText: string;
  private readonly response: Response;

  /** Throws if it is no response. */
  constructor(response: Response) {
    const { status } = response;
    if (!(typeof status === "number" && status >= 0 && status <= 999)) throw new TypeError("fetch gave no Response");
    const statusText = fieldOf(response, "statusText");
    this.status = Math.trunc(status);
    this.statusText = typeof statusText === "string" ? statusText : "";
    this.response = response;
  }

  get isOk(): boolean {
    return this.status >= 200 && this.status < 300;
  }

  header(name: string): string | undefined {
    try {
      return this.response.headers.get(name) ?? undefined;
    } catch {
      return undefined;
    }
  }

  /** Nobody wants to know more of it: closes the connection. */
  cancel(): void {
    closeQuietly(fieldOf(this.response, "body"));
  }

  /**
   * Its text as it arrives; of a response without a stream, all at once. Not read ahead, so that who takes none leaves it
   * to the network. Left before its end, it closes the connection.
   */
  async *texts(signal: AbortSignal): AsyncGenerator<string, void> {
    const body: unknown = this.response.body;
    if (typeof body !== "object" || body === null) {
      const text: unknown = await untilAborted(this.response.text(), signal);
      yield typeof text === "string" ? text : "";
      return;
    }
    const reader: ReadableStreamDefaultReader<unknown> = (body as ReadableStream).getReader();
    const decoder = new TextDecoder();
    let over = false;
    try {
      for (;;) {
        const { done, value } = await untilAborted(reader.read(), signal);
        over = Boolean(done);
        if (over) break;
        if (typeof value === "string") yield value;
        else if (typeof value === "object" && value !== null)
          yield decoder.decode(value as Uint8Array, { stream: true });
        else throw new TypeError("the response's body gave what is not bytes");
      }
      yield decoder.decode();
    } finally {
      if (!over) closeQuietly(reader);
    }
  }
}

/** Where that fails the connection has gone by itself: nobody need hear of it. */
function closeQuietly(stream: unknown): void {
  try {
    promiseOf((stream as ReadableStream).cancel()).catch(() => {});
  } catch {}
}
