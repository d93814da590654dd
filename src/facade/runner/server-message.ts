// What comes from the other end of a client's port, believed only as far as its shape goes.

import type { ParamError } from "../types.js";
import type { AnyServerMessage } from "./types.js";

type Fields = Readonly<Record<string, unknown>>;
type Check = (fields: Fields) => boolean;

const isObject = (value: unknown): value is Fields => typeof value === "object" && value !== null;
const isStats: Check = ({ stats }) => isObject(stats);
const isListOrNone = (value: unknown) => value === undefined || Array.isArray(value);
const namesJob: Check = ({ job_id }) => typeof job_id === "string";
const isRecord = (value: unknown) =>
  isObject(value) && typeof value.id === "string" && typeof value.status === "string" && isObject(value.progress);

const CHECKS: Readonly<Record<AnyServerMessage["type"], Check>> = {
  queue_state: (message) =>
    isStats(message) && Array.isArray(message.jobs) && message.jobs.every(isRecord) && isListOrNone(message.ranks),
  stats_update: isStats,
  job_created: ({ job }) => isRecord(job),
  job_started: namesJob,
  job_stopping: namesJob,
  job_moved: (message) => namesJob(message) && typeof message.priority === "number",
  job_progress: (message) =>
    namesJob(message) && typeof message.percent === "number" && typeof message.message === "string",
  job_log: namesJob,
  job_retrying: namesJob,
  job_completed: namesJob,
  job_failed: namesJob,
  job_cancelled: namesJob,
  job_removed: namesJob,
  ok: ({ request, job }) => typeof request === "number" && (job === undefined || isRecord(job)),
  error: ({ error, code }) => typeof error === "string" && typeof code === "number",
  pong: () => true,
  present: ({ lock }) => typeof lock === "string",
};

/** An error without them, or with what are none, is an error all the same. */
export function areFaults(errors: unknown): errors is readonly ParamError[] {
  const isFault = (value: unknown) =>
    isObject(value) && typeof value.param === "string" && typeof value.message === "string";
  return Array.isArray(errors) && errors.every(isFault);
}

export interface HeardMessage {
  /** Over a broadcast other clients' messages come along: nothing, for what no runner says. */
  readonly message: AnyServerMessage | undefined;
  /** It is to be told that this has been heard. */
  readonly ack: number | undefined;
}

const NOTHING: HeardMessage = { message: undefined, ack: undefined };

/** What throws when it is looked at counts for nothing. */
export function readServerMessage(data: unknown): HeardMessage {
  try {
    const message: unknown = typeof data === "string" ? JSON.parse(data) : data;
    if (!isObject(message)) return NOTHING;
    const { type, ack } = message;
    const isKnown = typeof type === "string" && Object.hasOwn(CHECKS, type);
    const isSound = isKnown && CHECKS[type as AnyServerMessage["type"]](message);
    return {
      message: isSound ? (message as unknown as AnyServerMessage) : undefined,
      // A client's own word for it has the same field.
      ack: typeof ack === "number" && type !== "ack" ? ack : undefined,
    };
  } catch {
    return NOTHING;
  }
}
