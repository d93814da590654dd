// A worker with a queue of its own; each port that it is sent is served.

import { wasmBytes } from "../../facade/support/wasm-memory.js";
import { timersSet } from "./watch.js";

const opening = import("jobgate/runner").then(
  ({ JobRunner }) =>
    new JobRunner({
      builtins: false,
      concurrency: 3,
      retain: 20,
      types: [
        {
          name: "count",
          description: "Counts up to a number",
          params: [{ name: "to", type: "number" }],
          async execute({ to }: { to: number }, { progress, checkpoint }) {
            for (let at = 1; at <= to; at += 1) {
              progress((100 * at) / to, `at ${at}`);
              await checkpoint();
            }
            return to;
          },
        },
        {
          name: "fail",
          description: "Fails",
          params: [],
          execute: () => Promise.reject(new Error("broken")),
        },
      ],
    }),
);

addEventListener("message", async ({ data, ports: [port] }) => {
  if (port === undefined) return;
  if (data === "serve") {
    (await opening).serve(port);
    return;
  }
  await opening;
  port.postMessage({ timers: timersSet(), wasm: wasmBytes() });
  port.close();
});
