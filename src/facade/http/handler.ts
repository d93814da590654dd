import { isServiceWorker } from "../support/realm.js";
import { failure, notFound, refusal } from "./answers.js";
import { crossing, optionsAnswer, preflightAnswer } from "./cors.js";
import { type CheckedOptions, checkHandlerOptions, type HandlerOptions } from "./options.js";
import { type HandledQueue, needQueue } from "./queue.js";
import { type Route, routeOf } from "./routes.js";

/** Undefined for a request that is not its own, which it has not touched. The promise never rejects. */
export type JobHandler = (request: Request) => Promise<Response> | undefined;

/**
 * A queue over HTTP, as a fetch handler: in a service worker, in the page itself (`jobFetch`), in any server that speaks
 * fetch (Hono, Bun, Deno, Node through an adapter).
 *
 * | route | answer |
 * |---|---|
 * | `GET {base}/jobs` | the records, in the order of `getAllJobs`; `?status=`, `?type=` (each more than once: any of these), `?limit=` |
 * | `POST {base}/jobs` | of `{type, params, priority?, delay?, id?, key?}`: 201, `{id, type, status, created_at}`. The header `Idempotency-Key` is the id; given again, it answers with the job that there is. `key` is for a `SharedRunner`'s queue: 400 from any other of this package |
 * | `GET {base}/jobs/:id` | the record |
 * | `DELETE {base}/jobs/:id` | `{success: true}`: asked to stop, or ended at once if it was pending; 409 if it had ended |
 * | `POST {base}/jobs/:id/retry` | 201, the new record; 409 if it has not ended |
 * | `GET {base}/jobs/:id/progress` | `text/event-stream`: `status` with the present state, `progress`, then `complete`, `failed` or `cancelled`. `Last-Event-ID` takes it up again; 204 to who has been told of the end |
 * | `GET {base}/job-types` | `[{name, description, params}]` |
 * | `GET {base}/stats` | `{pending, running, completed, failed, cancelled, total, worker: {active, capacity}}` |
 *
 * What is refused is `{error, code}` as JSON: 400 (with `errors`, one for each fault), 403, 404, 405 (with `Allow`), 409,
 * 413 (a body of more than 1,000,000 bytes), 415 (a body that is not `application/json`), 503 (the queue is full, closed,
 * or can't be reached within 5 seconds). Nothing is to be stored (`no-store`). Of results and params goes what JSON
 * carries, up to 262,144 characters each; a list of more than about 4,000,000 leaves them out of its last records.
 *
 * A reader that leaves (the stream is cancelled, or the request's signal aborts) ends its watch, and one that is slow
 * gets the newest progress instead of all of it. Throws TypeError or RangeError for options that are wrong.
 */
export function jobHandler(queue: HandledQueue, options: HandlerOptions = {}): JobHandler {
  needQueue(queue);
  return handlerOf(() => queue, options);
}

/** A queue for each request, or why there is none for it. */
export function handlerOf(
  queueOf: (request: Request) => HandledQueue | Response | Promise<HandledQueue | Response>,
  options: HandlerOptions,
): JobHandler {
  const checked = checkHandlerOptions(options);
  return (request) => {
    const url = urlOf(request);
    const route = url && routeOf(url.pathname, checked.base);
    return route && answer({ queueOf, request, url, route, options: checked });
  };
}

/** Undefined for what is none of the handler's. */
function urlOf(request: Request): URL | undefined {
  try {
    const url = new URL(request.url);
    // Requests for other origins come by only there.
    return isServiceWorker() && url.origin !== globalThis.location.origin ? undefined : url;
  } catch {
    return undefined;
  }
}

interface Asking {
  readonly queueOf: Parameters<typeof handlerOf>[0];
  readonly request: Request;
  readonly url: URL;
  readonly route: Route;
  readonly options: CheckedOptions;
}

async function answer(asking: Asking): Promise<Response> {
  const { request, url, options } = asking;
  let said = new Headers();
  let response: Response;
  try {
    const { headers, isPreflight, refused } = crossing(request, url, options);
    said = headers;
    response = refused ?? (await routed(asking, isPreflight));
    if (request.method === "HEAD") response = headOf(response);
  } catch (error) {
    response = failure(error);
  }
  said.forEach((value, name) => {
    response.headers.set(name, value);
  });
  return response;
}

async function routed({ queueOf, request, url, route, options }: Asking, isPreflight: boolean): Promise<Response> {
  const { answers, id } = route;
  const { method } = request;
  const methods = Object.keys(answers);
  const allow = [...methods, ...(methods.includes("GET") ? ["HEAD"] : []), "OPTIONS"].join(", ");
  if (isPreflight) return preflightAnswer(request, allow);
  if (options.authorize && !(await isAllowed(options.authorize, request))) {
    return refusal(403, "This request is not allowed");
  }
  const queue = await queueOf(request);
  if (isAnswer(queue)) return queue;
  if (methods.length === 0) return notFound();
  if (method === "OPTIONS") return optionsAnswer(allow);
  const asked = method === "HEAD" ? "GET" : method;
  if (!Object.hasOwn(answers, asked)) {
    return refusal(405, `${method} is not allowed here`, undefined, { Allow: allow });
  }
  return answers[asked]!({ queue, request, url, options, id });
}

async function isAllowed(authorize: (request: Request) => unknown, request: Request): Promise<boolean> {
  try {
    return (await authorize(request)) === true;
  } catch (error) {
    // Its words are for whoever runs this, not for who asks.
    console.error(error);
    throw new Error("Internal error");
  }
}

function isAnswer(queue: HandledQueue | Response): queue is Response {
  return "status" in queue && "headers" in queue;
}

/** The same without its body, which nobody reads. */
function headOf({ status, headers, body }: Response): Response {
  void body?.cancel();
  return new Response(null, { status, headers });
}
