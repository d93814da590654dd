import { report } from "./report.js";

const worker = new Worker(new URL("./worker.js", import.meta.url), { type: "module" });
report(
  new Promise((resolve, reject) => {
    worker.addEventListener("message", ({ data }) => resolve(data));
    worker.addEventListener("error", reject);
  }),
);
