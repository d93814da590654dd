// A request's body, read as far as it may go.

import { isPlain, MESSAGE } from "../runner/inert.js";
import { refusal } from "./answers.js";

export type Fields = Readonly<Record<string, unknown>>;
type Read<T> = { readonly value: T } | { readonly refused: Response };

const TOO_LARGE = () => refusal(413, `A request's body may have ${MESSAGE.bytes} bytes at most`);
const NO_JSON = "The request's body must be a JSON object";
/** Of one media type: several headers are joined by commas. */
const JSON_TYPE = /^application\/(?:[\w.+-]+\+)?json\s*(?:;[^,]*)?$/i;

export async function readJson(request: Request): Promise<Read<Fields>> {
  if (!JSON_TYPE.test(request.headers.get("Content-Type")?.trim() ?? "")) {
    return { refused: refusal(415, "The request's Content-Type must be application/json") };
  }
  if (request.bodyUsed) {
    return { refused: refusal(500, "The request's body has been read: `authorize` is to read `request.clone()`") };
  }
  const bytes = await readBytes(request);
  if (bytes === undefined) return { refused: TOO_LARGE() };
  try {
    const value: unknown = JSON.parse(new TextDecoder("utf-8", { fatal: true }).decode(bytes));
    if (typeof value === "object" && value !== null && isPlain(value)) return { value: value as Fields };
  } catch {
    // No UTF-8, or no JSON.
  }
  return { refused: refusal(400, NO_JSON, [{ param: "", message: NO_JSON }]) };
}

/** Undefined: there is more of it than there may be. Counted as it comes; what a header says of its length is not believed. */
async function readBytes(request: Request): Promise<Uint8Array<ArrayBuffer> | undefined> {
  const { body } = request;
  // Browsers whose requests have no streams hold all of it already.
  if (body === undefined) {
    const blob = await request.blob();
    return blob.size > MESSAGE.bytes ? undefined : new Uint8Array(await blob.arrayBuffer());
  }
  if (body === null) return new Uint8Array();
  const parts: Uint8Array<ArrayBuffer>[] = [];
  let size = 0;
  const reader = body.getReader();
  for (;;) {
    const { done, value } = await reader.read();
    if (done) break;
    size += value.byteLength;
    if (size > MESSAGE.bytes) {
      // Not awaited: whoever sends may take its time to hear of it.
      reader.cancel().catch(() => {});
      return undefined;
    }
    parts.push(value);
  }
  return new Uint8Array(await new Blob(parts).arrayBuffer());
}
