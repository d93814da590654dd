// Requests of pages of other origins.

import { NO_STORE, refusal } from "./answers.js";
import type { CheckedOptions } from "./options.js";

const EXPOSED = "Allow, Location, Retry-After";
const DEFAULT_HEADERS = "Content-Type, Idempotency-Key, Last-Event-ID";
/** Seconds for which a browser need not ask again. */
const KNOWN_FOR = "600";

function isForeign(origin: string, { headers }: Request, { host }: URL): boolean {
  // What the browser says; behind a proxy the address that the handler sees may be another than the page's.
  if (headers.get("Sec-Fetch-Site") === "same-origin") return false;
  try {
    return new URL(origin).host !== host;
  } catch {
    return true;
  }
}

function isAllowed(origin: string, { allows }: CheckedOptions): boolean {
  try {
    return allows === "*" || allows?.(origin) === true;
  } catch {
    return false;
  }
}

export interface Crossing {
  /** Said with every answer. */
  readonly headers: Headers;
  /** A browser asks whether the page may ask. */
  readonly isPreflight: boolean;
  /** Nothing else of the request may be looked at. */
  readonly refused: Response | undefined;
}

export function crossing(request: Request, url: URL, options: CheckedOptions): Crossing {
  const headers = new Headers();
  const origin = request.headers.get("Origin");
  const allowed = origin !== null && isAllowed(origin, options);
  if (typeof options.allows === "function") headers.set("Vary", "Origin");
  if (allowed) {
    headers.set("Access-Control-Allow-Origin", options.allows === "*" ? "*" : origin);
    headers.set("Access-Control-Expose-Headers", EXPOSED);
    if (options.credentials) headers.set("Access-Control-Allow-Credentials", "true");
  }
  const refused = origin !== null && !allowed && isForeign(origin, request, url);
  return {
    headers,
    isPreflight: allowed && request.method === "OPTIONS" && request.headers.has("Access-Control-Request-Method"),
    refused: refused ? refusal(403, `Pages of ${origin} may not ask`) : undefined,
  };
}

/** To OPTIONS: what there is. */
export function optionsAnswer(allow: string): Response {
  return new Response(null, { status: 204, headers: { Allow: allow, ...NO_STORE } });
}

export function preflightAnswer({ headers }: Request, allow: string): Response {
  const answer = optionsAnswer(allow);
  answer.headers.set("Access-Control-Allow-Methods", allow);
  const asked = headers.get("Access-Control-Request-Headers");
  answer.headers.set("Access-Control-Allow-Headers", asked ?? DEFAULT_HEADERS);
  answer.headers.set("Access-Control-Max-Age", KNOWN_FOR);
  return answer;
}
