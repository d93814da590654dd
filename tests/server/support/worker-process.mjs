// A worker in a process of its own: `node worker-process.mjs <options as JSON>`. Ends on SIGTERM as a server would.
import { QueueWorker } from "../../.packed/node_modules/jobgate/dist/server.js";
import { typesOf } from "./types.mjs";

const { isolate, type, byName, close, ...options } = JSON.parse(process.argv[2]);
const worker = new QueueWorker({ ...options, types: typesOf(isolate, type, byName) });
await worker.ready;
process.send("ready");
process.once("SIGTERM", async () => {
  const closed = worker.close(close);
  process.send("closing");
  await closed;
  process.exit(0);
});
