import { jobFetch, jobHandler } from "jobgate/runner";
import { SharedRunner } from "jobgate/shared";

const runs = new Map();
const held = {
  name: "held",
  description: "Does what the page says",
  params: [],
  execute: (_, { id, progress }) => new Promise((resolve) => runs.set(id, { resolve, progress })),
};
const queue = new SharedRunner({ types: [held], builtins: false });
const heard = [];
let breaks = 0;

globalThis.rest = {
  heard,
  /** What was heard since, from the first present state with a progress. */
  heardAgain(since) {
    const later = heard.slice(since);
    const at = later.findIndex(({ event }, index) => event === "status" && later[index + 1]?.event === "progress");
    return at < 0 ? undefined : later.slice(at);
  },
  async ready() {
    await queue.ready;
    await navigator.serviceWorker.register("/rest-worker.js");
    await navigator.serviceWorker.ready;
    return navigator.serviceWorker.controller !== null;
  },
  async ask(path, init) {
    const ask = navigator.serviceWorker.controller ? fetch : jobFetch(jobHandler(queue));
    const response = await ask(path, init);
    return { status: response.status, body: await response.json() };
  },
  born: () =>
    new Promise((resolve) => {
      navigator.serviceWorker.addEventListener("message", ({ data }) => resolve(data), { once: true });
      navigator.serviceWorker.controller.postMessage("when?");
    }),
  listen(id) {
    const source = new EventSource(`/api/jobs/${id}/progress`);
    for (const event of ["status", "progress", "complete"]) {
      source.addEventListener(event, ({ data }) => heard.push({ event, data: JSON.parse(data) }));
    }
    source.addEventListener("error", () => {
      breaks++;
      // Chromium gives up where the worker was stopped.
      if (source.readyState === EventSource.CLOSED) rest.listen(id);
    });
    source.addEventListener("complete", () => source.close());
  },
  breaks: () => breaks,
  runs: (id) => runs.has(id),
  progress: (id, percent) => runs.get(id).progress(percent),
  end: (id, result) => runs.get(id).resolve(result),
};
document.body.dataset.outcomes = "true";
