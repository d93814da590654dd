import { abortReason, throwIfAborted } from "../support/abort.js";
import { needFunction } from "../support/check.js";
import type { JobHandler } from "./handler.js";

/**
 * `fetch` as the page has it, but that the handler's own routes are answered by the handler, in the page: for pages that
 * no service worker controls, as after a hard reload. Requests for other origins, and what the handler does not answer,
 * go to `otherwise` (default: `fetch`). Rejects as `fetch` does: with the signal's reason once that aborts. An
 * `EventSource` can't be given it: read the answer's `body`.
 *
 * ```ts
 * const ask = navigator.serviceWorker?.controller ? fetch : jobFetch(jobHandler(queue));
 * const jobs = await (await ask("/api/jobs")).json();
 * ```
 */
export function jobFetch(handler: JobHandler, otherwise: typeof fetch = (...given) => fetch(...given)): typeof fetch {
  needFunction("handler", handler);
  needFunction("otherwise", otherwise);
  return async (input, init) => {
    const request = new Request(input, init);
    const { signal } = request;
    throwIfAborted(signal);
    const answer = isOwn(request.url) ? handler(request) : undefined;
    return answer === undefined ? otherwise(request) : unlessAborted(answer, signal);
  };
}

function isOwn(url: string): boolean {
  const own = globalThis.location?.origin;
  return own === undefined || new URL(url).origin === own;
}

function unlessAborted(answer: Promise<Response>, signal: AbortSignal): Promise<Response> {
  return new Promise((resolve, reject) => {
    const abort = () => reject(abortReason(signal));
    signal.addEventListener("abort", abort);
    answer.then(resolve, reject).finally(() => signal.removeEventListener("abort", abort));
  });
}
