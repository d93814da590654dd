// A worker with a queue: of whoever made it, and of the ports that it is sent.
import { JobRunner } from "jobgate/runner";

const long = {
  name: "long",
  description: "Never ends",
  params: [],
  execute: () => new Promise<void>(() => {}),
};
const runner = new JobRunner({ types: [long] });
runner.serve(globalThis as unknown as Worker);
addEventListener("message", ({ data, ports: [port] }) => {
  if (port !== undefined) runner.serve(port);
  if (data === "throw") throw new Error("thrown on purpose");
});
