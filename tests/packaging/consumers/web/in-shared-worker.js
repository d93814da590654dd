import { report } from "./report.js";

const worker = new SharedWorker(new URL("./shared-worker.js", import.meta.url), { type: "module" });
worker.port.start();
report(
  new Promise((resolve, reject) => {
    worker.port.addEventListener("message", ({ data }) => resolve(data));
    worker.addEventListener("error", reject);
  }),
);
