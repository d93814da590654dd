// Answers: always JSON, never stored.

import { areFaults } from "../runner/server-message.js";
import { fieldOf, messageOf } from "../support/look.js";
import type { ParamError } from "../types.js";

export const NO_STORE = { "Cache-Control": "no-store" };

export function json(status: number, value: unknown, headers: Record<string, string> = {}): Response {
  const body = JSON.stringify(value);
  return new Response(body, { status, headers: { "Content-Type": "application/json", ...NO_STORE, ...headers } });
}

export function refusal(
  code: number,
  error: string,
  errors?: readonly ParamError[],
  headers?: Record<string, string>,
): Response {
  return json(code, { error, code, ...(errors !== undefined && { errors }) }, headers);
}

export function invalid(errors: readonly ParamError[]): Response {
  return refusal(400, errors.map(({ param, message }) => `${param}: ${message}`).join("; "), errors);
}

export function notFound(): Response {
  return refusal(404, "Job not found");
}

export function away(): Response {
  return refusal(503, "The queue can't be reached now", undefined, { "Retry-After": "5" });
}

const STATUSES: Readonly<Record<string, number>> = {
  E_INVALID_PARAMS: 400,
  E_UNKNOWN_TYPE: 400,
  E_REFUSED: 400,
  E_FORBIDDEN: 403,
  E_UNKNOWN_JOB: 404,
  E_DUPLICATE: 409,
  E_NOT_FINISHED: 409,
  E_QUOTA: 507,
  E_CLOSED: 503,
  E_DISCONNECTED: 503,
  E_QUEUE_FULL: 503,
};

/** What a queue has thrown, whatever it is. `isInput`: what it throws of a wrong type or bound is the request's. */
export function failure(thrown: unknown, isInput = false): Response {
  const [name, code] = [fieldOf(thrown, "name"), fieldOf(thrown, "code")];
  const message = messageOf(thrown);
  if (code === "E_UNKNOWN_JOB") return notFound();
  if (code === "E_UNKNOWN_TYPE") return refusal(400, message, [{ param: "type", message }]);
  if (code === "E_INVALID_PARAMS") return refusal(400, message, faultsOf(thrown) ?? [{ param: "", message }]);
  if (isInput && (name === "RangeError" || name === "TypeError")) {
    const [whole = "", param = ""] = /^(id|key|priority|delay) /.exec(message) ?? [];
    return refusal(400, message, [{ param, message: message.slice(whole.length) }]);
  }
  if (typeof code === "string" && code.startsWith("E_STORAGE_")) return refusal(503, message);
  return refusal((typeof code === "string" && Object.hasOwn(STATUSES, code) && STATUSES[code]) || 500, message);
}

function faultsOf(thrown: unknown): readonly ParamError[] | undefined {
  const errors = fieldOf(thrown, "errors");
  try {
    return areFaults(errors) ? errors.map(({ param, message }) => ({ param, message })) : undefined;
  } catch {
    return undefined;
  }
}
