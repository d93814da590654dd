import type { Millis } from "../types.js";
import { wallNow } from "./time.js";

/** As HTTP writes dates, in its present form and its two old ones (RFC 9110, 5.6.7): a day's name comes first. */
const DATE = /^(?:Mon|Tue|Wed|Thu|Fri|Sat|Sun)/;

/** The oldest form ends with the year, and is of Greenwich like the others. */
const ZONELESS = /:\d\d \d{4}$/;

/**
 * What a response's Retry-After header asks for, in milliseconds from `now` (epoch ms, default the present): seconds or an
 * HTTP date, one that is over being 0. Undefined if there is none, or none that can be read. For `retry.delay`:
 *
 * ```ts
 * retry: {
 *   limit: 5,
 *   delay: (error) => (error instanceof HttpError ? retryAfter(error.response) : undefined),
 *   maxDelay: 600_000, // without it, what is longer than 30 s is cut, and the server is asked too early
 * }
 * ```
 *
 * A page reads the header of another origin's response only where that sends `Access-Control-Expose-Headers`.
 */
export function retryAfter(
  response: { readonly headers: { get(name: string): string | null } },
  now: number = wallNow(),
): Millis | undefined {
  const value = response.headers.get("Retry-After")?.trim();
  if (value === undefined) return undefined;
  if (/^\d+$/.test(value)) return Number(value) * 1000;
  const at = DATE.test(value) ? Date.parse(value.replace(ZONELESS, "$& GMT")) : Number.NaN;
  return Number.isNaN(at) ? undefined : Math.max(at - now, 0);
}
