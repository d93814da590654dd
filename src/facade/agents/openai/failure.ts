// An answer that is not an answer: what it says. As src/engine/agents/openai/failure.rs; when to ask again, the rules in the
// binary decide.

import { retryAfter } from "../../support/retry-after.js";
import { USAGE_REFUSED } from "../wire.js";
import { field, isFields, type Json, number, scalar } from "./lenient.js";
import { parsed } from "./lines.js";

/** Of what a server says; in characters. */
const LONGEST_MESSAGE = 500;
/** Of a list of faults. */
const MOST_FAULTS = 5;

/** Where servers say what is wrong; the first that says something. */
const SAID = [
  "error",
  "errors",
  "message",
  "Message",
  "msg",
  "detail",
  "details",
  "error_message",
  "errorMessage",
  "error_msg",
  "error_description",
  "reason",
  "title",
  "description",
];
/** What servers say of a field that they do not know, without naming it: one of these, of one of those. */
const NOT_KNOWN = /extra|unknown|unrecogni[sz]ed|unexpected|additional|unsupported|not supported/;
const A_FIELD = /field|param|argument|input|propert|option/;

export interface Refused {
  readonly message: string;
  /** Milliseconds for which the server asks to be left alone. */
  readonly wait: number;
  /** There is no quota left. */
  readonly usedUp: boolean;
  readonly usage: number;
}

/** Reads an error response. */
export function readRefusal(status: number, statusText: string, header: string | undefined, body: string): Refused {
  const json = parsed(body);
  const error = field(Array.isArray(json) ? json[0] : json, "error");
  return {
    message: words(json) ?? messageOf(body.trim(), statusText),
    wait: header === undefined ? 0 : waitOf(header.trim()),
    usedUp: [field(error, "code"), field(error, "type")].includes("insufficient_quota"),
    usage: usageRefused(status, body),
  };
}

function messageOf(body: string, statusText: string): string {
  if (["", "{}", "[]", "null"].includes(body)) return statusText;
  const title = body.startsWith("<") ? /<title>([^<]*)/i.exec(body)?.[1]?.trim() : undefined;
  return bounded(title || body);
}

function usageRefused(status: number, body: string): number {
  const named = body.includes("stream_options") || body.includes("include_usage");
  if (named && status >= 400 && status < 600 && status !== 429 && status !== 503) return USAGE_REFUSED.yes;
  const text = body.toLowerCase();
  const vague = (status === 400 || status === 422) && NOT_KNOWN.test(text) && A_FIELD.test(text);
  return vague ? USAGE_REFUSED.maybe : USAGE_REFUSED.no;
}

/** Seconds, of which some servers send fractions, or a date. */
function waitOf(header: string): number {
  const seconds = number(header);
  if (seconds !== undefined) return Math.max(seconds * 1000, 0);
  return retryAfter({ headers: { get: () => header } }) ?? 0;
}

/**
 * What an error says, whatever the shape: `{"error": {"message"}}`, `[{"error": {"message"}}]`, `{"error": "…"}`,
 * `{"message"}`, `{"detail": [{"msg", "loc"}]}`, `{"errors": [{"message"}]}` and their kin.
 */
export function words(json: Json): string | undefined {
  const said = saidBy(json);
  return said === undefined || said === "" ? undefined : bounded(said);
}

function saidBy(json: Json): string | undefined {
  if (typeof json === "string") return json.trim();
  if (Array.isArray(json)) return wordsOf(json).join("; ");
  if (!isFields(json)) return undefined;
  let said: string | undefined;
  for (const name of SAID) said ??= words(field(json, name));
  if (said === undefined) return undefined;
  const location = locationOf(field(json, "loc"));
  if (location !== undefined) return `${location}: ${said}`;
  // A router's own words say less than those of the server behind it.
  const raw = field(field(json, "metadata"), "raw");
  const behind = (typeof raw === "string" ? words(parsed(raw)) : undefined) ?? words(raw);
  return behind !== undefined && !said.includes(behind) ? `${said}: ${behind}` : said;
}

function wordsOf(list: readonly Json[]): readonly string[] {
  const each: string[] = [];
  for (const item of list) {
    const said = words(item);
    if (said !== undefined) each.push(said);
    if (each.length === MOST_FAULTS) break;
  }
  return each;
}

/** The field that a fault is about. */
function locationOf(value: Json): string | undefined {
  if (!Array.isArray(value)) return undefined;
  const parts = value.map(scalar).filter((part) => part !== undefined);
  return parts.length > 0 ? parts.join(".") : undefined;
}

/** As much of it as is told. */
export function bounded(text: string): string {
  return text.length <= LONGEST_MESSAGE
    ? text
    : [...text.slice(0, 2 * LONGEST_MESSAGE)].slice(0, LONGEST_MESSAGE).join("");
}
