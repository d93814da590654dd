// A service worker that answers for the queue that it holds. What its "held" jobs do is told to them by the test.
import { JobRunner, type JobType, jobHandler } from "jobgate/runner";
import type { Said } from "./talk.js";

/** What each of them listens with, by its label. */
const ears = new Map<string, (said: Said) => void>();

const held: JobType<{ label: string }> = {
  name: "held",
  description: "Does what it is told",
  params: [{ name: "label", type: "string", min: 1 }],
  execute({ label }, { signal, progress }) {
    const work = new Promise((resolve, reject) => {
      signal.addEventListener("abort", () => reject(signal.reason));
      ears.set(label, (said) => {
        if ("percent" in said) progress(said.percent, said.message);
        else if ("error" in said) reject(new RangeError(said.error));
        else resolve(said.result);
      });
    });
    return work.finally(() => ears.delete(label));
  },
};

const scope = self as unknown as {
  skipWaiting(): void;
  readonly clients: { claim(): Promise<void> };
};
const answer = jobHandler(new JobRunner({ types: [held] }), { base: "/http-site/api/" });

addEventListener("fetch", (event) => {
  const { request, respondWith } = event as unknown as {
    readonly request: Request;
    respondWith(response: Promise<Response>): void;
  };
  const response = answer(request);
  if (response !== undefined) respondWith.call(event, response);
});
addEventListener("message", ({ data }: MessageEvent<Said>) => ears.get(data.label)?.(data));
addEventListener("install", () => scope.skipWaiting());
addEventListener("activate", (event) => {
  (event as unknown as { waitUntil(promise: Promise<void>): void }).waitUntil(scope.clients.claim());
});
