// A service worker that answers for the queue that it holds. What its "held" jobs do is told to them by the test.
import { JobRunner, type JobType, jobHandler } from "jobgate/runner";
import { type Said, TALK } from "./talk.js";

const held: JobType<{ label: string }> = {
  name: "held",
  description: "Does what it is told",
  params: [{ name: "label", type: "string", min: 1 }],
  execute({ label }, { signal, progress }) {
    const ears = new BroadcastChannel(TALK);
    const work = new Promise((resolve, reject) => {
      signal.addEventListener("abort", () => reject(signal.reason));
      ears.onmessage = ({ data }: MessageEvent<Said>) => {
        if (data.label !== label) return;
        if ("percent" in data) progress(data.percent, data.message);
        else if ("error" in data) reject(new RangeError(data.error));
        else resolve(data.result);
      };
    });
    return work.finally(() => ears.close());
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
addEventListener("install", () => scope.skipWaiting());
addEventListener("activate", (event) => {
  (event as unknown as { waitUntil(promise: Promise<void>): void }).waitUntil(scope.clients.claim());
});
