import type { FromWorker, ToWorker } from "./protocol.ts";

/** Runs a worker of this page for the host, which speaks to it over `line`. Returns what ends it; `onEnd` is called then. */
export function runWorker(line: MessagePort, onEnd: () => void): () => void {
  const worker = new Worker(new URL("../worker/worker.ts", import.meta.url), { type: "module", name: "jobgate pool" });
  const tell = (message: FromWorker) => line.postMessage(message);
  const end = () => {
    worker.terminate();
    line.close();
    onEnd();
  };
  worker.addEventListener("message", ({ data }) => tell({ type: "message", data }));
  worker.addEventListener("error", (event) => {
    event.preventDefault();
    // Of a script that did not load, browsers say nothing.
    const { message = "", filename = "", lineno = 0 } = event;
    tell({ type: "error", message, filename, lineno });
  });
  line.addEventListener("message", ({ data: told }: MessageEvent<ToWorker>) => {
    if (told.type === "message") worker.postMessage(told.data);
    else end();
  });
  line.addEventListener("close", end);
  line.start();
  return end;
}
