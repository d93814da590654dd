// What comes over a served port, read for the runner.

import { inert, isPlain, MESSAGE } from "./inert.js";
import { fromWire } from "./odd-parts.js";
import type { ClientMessage, ServerMessage } from "./types.js";
import { WasmRunner } from "./wasm.js";

type Refusal = ServerMessage & { readonly type: "error" };

export interface Heard {
  readonly message: ClientMessage | undefined;
  /** Why it counts for nothing. */
  readonly refusal: Refusal | undefined;
  readonly params: Record<string, unknown>;
  /** Of the whole message. */
  readonly bytes: number;
  readonly request: number | undefined;
}

const UNREADABLE: Refusal = { type: "error", code: 400, error: "a message must be JSON" };
const TOO_LARGE: Refusal = { type: "error", code: 413, error: `a message may have ${MESSAGE.bytes} bytes at most` };
/** Characters of a message that is not read for its size, in which its number is looked for. */
const HEAD = 500;

export function readClientMessage(data: unknown): Heard {
  let given = data;
  if (typeof data === "string") {
    if (data.length > MESSAGE.bytes) return refused(TOO_LARGE, numberIn(data));
    try {
      given = JSON.parse(data);
    } catch {
      return refused(UNREADABLE, undefined);
    }
  }
  const copy = inert(given, MESSAGE);
  if (copy === undefined) return refused(TOO_LARGE, numberOf(given));
  const value = copy.value as { readonly params?: unknown };
  if (typeof value !== "object" || value === null || !isPlain(value)) {
    return refused(WasmRunner.checkMessage(value) as Refusal, undefined);
  }
  fromWire(value);
  const { params = {} } = value;
  // Params are judged where the job is created, whatever they are.
  const refusal: Refusal | undefined = WasmRunner.checkMessage({ ...value, params: {} });
  if (refusal !== undefined) return refused(refusal, numberOf(value));
  const message = value as ClientMessage;
  return { message, refusal, params: params as Record<string, unknown>, bytes: copy.bytes, request: numberOf(value) };
}

function refused(refusal: Refusal, request: number | undefined): Heard {
  return { message: undefined, refusal, params: {}, bytes: 0, request };
}

function numberOf(message: unknown): number | undefined {
  try {
    const { request } = message as { readonly request?: unknown };
    return Number.isSafeInteger(request) ? (request as number) : undefined;
  } catch {
    return undefined;
  }
}

/** A client names it ahead of what may be large. */
export function numberIn(text: string): number | undefined {
  const found = /^\{(?:"type":"[a-z_]+",)?"request":(\d{1,16})[,}]/.exec(text.slice(0, HEAD));
  return found === null ? undefined : numberOf({ request: Number(found[1]) });
}
