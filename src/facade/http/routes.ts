// What is asked for, by path and method.

import { carryRecord } from "../runner/plain.js";
import { isWellFormed } from "../support/well-formed.js";
import type { JobRecord, ParamError, Priority } from "../types.js";
import { away, failure, invalid, json, notFound, refusal } from "./answers.js";
import { type Fields, readJson } from "./body.js";
import type { CheckedOptions } from "./options.js";
import { progressAnswer } from "./progress.js";
import { type HandledQueue, isReached, type RequestedOptions } from "./queue.js";

export interface Asked {
  readonly queue: HandledQueue;
  readonly request: Request;
  readonly url: URL;
  readonly options: CheckedOptions;
  /** Of the job that the path names. */
  readonly id: string;
}

type Answer = (asked: Asked) => Response | Promise<Response>;

export interface Route {
  /** By method, without HEAD and OPTIONS. Empty: there is nothing under this path. */
  readonly answers: Readonly<Record<string, Answer>>;
  readonly id: string;
}

const COLLECTIONS: Readonly<Record<string, Route["answers"]>> = {
  jobs: { GET: list, POST: create },
  "job-types": { GET: types },
  stats: { GET: stats },
};

const OF_A_JOB: Readonly<Record<string, Route["answers"]>> = {
  "": { GET: show, DELETE: cancel },
  retry: { POST: retry },
  progress: { GET: progress },
};

/** Undefined: the path is not the handler's. */
export function routeOf(pathname: string, base: string): Route | undefined {
  if (!pathname.startsWith(`${base}/`)) return undefined;
  const [collection = "", id, action = "", ...more] = pathname
    .slice(base.length + 1)
    .replace(/\/$/, "")
    .split("/");
  if (!Object.hasOwn(COLLECTIONS, collection)) return undefined;
  if (id === undefined) return { answers: COLLECTIONS[collection]!, id: "" };
  const name = decoded(id);
  if (collection !== "jobs") return undefined;
  const isKnown = name !== "" && more.length === 0 && Object.hasOwn(OF_A_JOB, action);
  return { answers: isKnown ? OF_A_JOB[action]! : {}, id: name };
}

/** Empty for what names nothing. */
function decoded(segment: string): string {
  try {
    return decodeURIComponent(segment);
  } catch {
    return "";
  }
}

/** What is asked of one that is away would wait for as long as its calls may. */
const takesRequests = async (queue: HandledQueue) => queue.findJob !== undefined || isReached(queue);
const recordOf = (queue: HandledQueue, id: string) => queue.findJob?.(id) ?? queue.getJob(id);

/** Its record; asked again once a queue that did not know it is reached. */
async function find({ queue, id }: Asked): Promise<{ readonly job: JobRecord } | { readonly refused: Response }> {
  let job = await recordOf(queue, id);
  if (job === undefined) {
    if (!(await isReached(queue))) return { refused: away() };
    job = await recordOf(queue, id);
  }
  return job === undefined ? { refused: notFound() } : { job };
}

const STATUSES: readonly string[] = ["pending", "running", "completed", "failed", "cancelled"];
/** Characters of JSON that a list may have, about; of what comes after, params and results are left out. */
const LARGEST_LIST = 4_000_000;

async function list({ queue, url: { searchParams } }: Asked): Promise<Response> {
  const [statuses, kinds, limits] = ["status", "type", "limit"].map((name) => searchParams.getAll(name)) as [
    string[],
    string[],
    string[],
  ];
  const faults: ParamError[] = [];
  if (!statuses.every((status) => STATUSES.includes(status))) {
    faults.push({ param: "status", message: `must be one of ${STATUSES.join(", ")}` });
  }
  const [limit = "Infinity"] = limits;
  if (limits.length > 1 || (limits.length === 1 && !/^0*[1-9]\d*$/.test(limit))) {
    faults.push({ param: "limit", message: "must be an integer of at least 1, given once" });
  }
  if (faults.length > 0) return invalid(faults);
  if (!(await isReached(queue))) return away();
  const isWanted = ({ status, type }: JobRecord) =>
    (statuses.length === 0 || statuses.includes(status)) && (kinds.length === 0 || kinds.includes(type));
  const wanted = (await queue.getAllJobs()).filter(isWanted).slice(0, Number(limit));
  let room = LARGEST_LIST;
  const told = wanted.map((job) => {
    const { record, size } = carryRecord(job);
    room -= size;
    if (room >= 0) return record;
    const { params: _, result: __, ...brief } = record;
    return brief;
  });
  return json(200, told);
}

async function create({ queue, request, options: { base } }: Asked): Promise<Response> {
  const body = await readJson(request);
  if ("refused" in body) return body.refused;
  const { faults, type, params, options } = readRequest(body.value, request.headers.get("Idempotency-Key"));
  if (faults.length > 0) return invalid(faults);
  if (!(await takesRequests(queue))) return away();
  // Whoever repeats a request, since its answer got lost, is given the same job, also if it has ended meanwhile.
  let job = options.id === undefined ? undefined : await recordOf(queue, options.id);
  try {
    job ??= await queue.createJob(type, params, options);
  } catch (error) {
    return failure(error, true);
  }
  // What came first may have been made while this was on its way. Of a `key` it is whatever has it.
  if (job.type !== type && job.id === options.id) return refusal(409, `There is a job "${job.id}" of another type`);
  return created(job, base);
}

function created(job: JobRecord, base: string, told?: JobRecord): Response {
  const { id, type, status, created_at } = job;
  const headers = { Location: `${base}/jobs/${encodeURIComponent(id)}` };
  return json(201, told ?? { id, type, status, created_at }, headers);
}

interface Requested {
  readonly faults: readonly ParamError[];
  readonly type: string;
  readonly params: Record<string, unknown>;
  readonly options: RequestedOptions;
}

/** The types of all; their bounds are the queue's. */
function readRequest(fields: Fields, idempotencyKey: string | null): Requested {
  const faults: ParamError[] = [];
  const has = (param: string) => Object.hasOwn(fields, param);
  const read = <T>(param: string, must: string, fits: (value: unknown) => boolean): T | undefined => {
    const value = has(param) ? fields[param] : undefined;
    if (value === undefined || fits(value)) return value as T | undefined;
    faults.push({ param, message: `must be ${must}` });
    return undefined;
  };
  const isText = (value: unknown) => typeof value === "string";
  const type = read<string>("type", "a string", isText);
  if (!has("type")) faults.push({ param: "type", message: "is required" });
  const params = read<Record<string, unknown>>("params", "an object", isObject);
  const priority = read<Priority>("priority", "a number or a word", (value) => isText(value) || isNumber(value));
  const delay = read<number>("delay", "a number", isNumber);
  const key = read<string>("key", "a string", isText);
  const own = read<string>("id", ADDRESSABLE, isAddressable);
  const given = idempotencyKey === null ? undefined : unquoted(idempotencyKey);
  if (given?.includes(",")) faults.push({ param: "Idempotency-Key", message: "must be given once, without commas" });
  else if (given !== undefined && !isAddressable(given)) {
    faults.push({ param: "Idempotency-Key", message: `must be ${ADDRESSABLE}` });
  } else if (own !== undefined && given !== undefined && own !== given) {
    faults.push({ param: "id", message: "must be the Idempotency-Key, where both are given" });
  }
  const id = given ?? own;
  const options = {
    ...(id !== undefined && { id }),
    ...(key !== undefined && { key }),
    ...(priority !== undefined && { priority }),
    ...(delay !== undefined && { delay }),
  };
  return { faults, type: type ?? "", params: params ?? {}, options };
}

const ADDRESSABLE = "a string that can stand in an address";
const isObject = (value: unknown) => typeof value === "object" && value !== null;
const isNumber = (value: unknown) => typeof value === "number";
/** No address can name half of a surrogate pair, nor what leads to where it stands, or above. */
const isAddressable = (value: unknown) => typeof value === "string" && isWellFormed(value) && !/^\.{1,2}$/.test(value);
/** The header is a string of https://www.rfc-editor.org/rfc/rfc8941, or as most send it, without quotes. */
const unquoted = (text: string) => /^"([^"\\]*)"$/.exec(text)?.[1] ?? text;

async function show(asked: Asked): Promise<Response> {
  const found = await find(asked);
  return "refused" in found ? found.refused : json(200, carryRecord(found.job).record);
}

async function cancel(asked: Asked): Promise<Response> {
  if (!(await takesRequests(asked.queue))) return away();
  const found = await find(asked);
  if ("refused" in found) return found.refused;
  if (await asked.queue.cancelJob(asked.id)) return json(200, { success: true });
  return refusal(409, "Job has ended");
}

async function retry(asked: Asked): Promise<Response> {
  if (!(await takesRequests(asked.queue))) return away();
  const found = await find(asked);
  if ("refused" in found) return found.refused;
  const job = await asked.queue.retryJob(asked.id);
  return created(job, asked.options.base, carryRecord(job).record);
}

async function progress(asked: Asked): Promise<Response> {
  const found = await find(asked);
  if ("refused" in found) return found.refused;
  const { queue, id, request, options } = asked;
  return progressAnswer(queue, { id, job: found.job, request, keepAlive: options.keepAlive });
}

async function types({ queue }: Asked): Promise<Response> {
  const known = await queue.getJobTypes?.();
  if (known === undefined) return refusal(501, "This queue does not tell its job types");
  return json(
    200,
    known.map(({ name, description, params }) => ({ name, description, params })),
  );
}

async function stats({ queue }: Asked): Promise<Response> {
  if (!(await isReached(queue))) return away();
  const { pending, running, completed, failed, cancelled, total } = await queue.getQueueStats();
  const { active, capacity } = (await queue.getWorkerStats?.()) ?? { active: running, capacity: null };
  return json(200, { pending, running, completed, failed, cancelled, total, worker: { active, capacity } });
}
