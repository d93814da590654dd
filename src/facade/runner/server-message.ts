// What comes from the other end of a client's port, believed only as far as its shape goes.

import type { ParamError } from "../types.js";
import type { ServerMessage } from "./types.js";

type Fields = Readonly<Record<string, unknown>>;
type Check = (fields: Fields) => boolean;

const isObject = (value: unknown): value is Fields => typeof value === "object" && value !== null;
const isStats: Check = ({ stats }) => isObject(stats);
const namesJob: Check = ({ job_id }) => typeof job_id === "string";
const isRecord = (value: unknown) =>
  isObject(value) && typeof value.id === "string" && typeof value.status === "string" && isObject(value.progress);

const CHECKS: Readonly<Record<ServerMessage["type"], Check>> = {
  queue_state: (message) => isStats(message) && Array.isArray(message.jobs) && message.jobs.every(isRecord),
  stats_update: isStats,
  job_created: ({ job }) => isRecord(job),
  job_started: namesJob,
  job_progress: (message) =>
    namesJob(message) && typeof message.percent === "number" && typeof message.message === "string",
  job_log: namesJob,
  job_retrying: namesJob,
  job_completed: namesJob,
  job_failed: namesJob,
  job_cancelled: namesJob,
  job_removed: namesJob,
  error: ({ error, code }) => typeof error === "string" && typeof code === "number",
  pong: () => true,
};

/** An error without them, or with what are none, is an error all the same. */
export function areFaults(errors: unknown): errors is readonly ParamError[] {
  const isFault = (value: unknown) =>
    isObject(value) && typeof value.param === "string" && typeof value.message === "string";
  return Array.isArray(errors) && errors.every(isFault);
}

/** Over a broadcast other clients' messages come along: nothing, for what no runner says. */
export function readServerMessage(data: unknown): ServerMessage | undefined {
  let message = data;
  if (typeof data === "string") {
    try {
      message = JSON.parse(data);
    } catch {
      return undefined;
    }
  }
  if (!isObject(message) || typeof message.type !== "string" || !Object.hasOwn(CHECKS, message.type)) return undefined;
  const check = CHECKS[message.type as ServerMessage["type"]];
  return check(message) ? (message as unknown as ServerMessage) : undefined;
}
