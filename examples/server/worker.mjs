// Takes jobs and runs them: as many of these, on as many machines, as you like.
import { QueueWorker } from "jobgate/server";
import { serverTypes as types } from "./server-types.mjs";
import { lock, logOf, queue, redis } from "./settings.mjs";

const log = logOf("worker");
const worker = new QueueWorker({ redis, queue, types, concurrency: 2, lock });
await worker.ready;
log.info("ready");

for (const signal of ["SIGTERM", "SIGINT"]) {
  process.once(signal, async () => {
    log.info({ signal }, "takes no more; what runs has 10 seconds, then it is handed back");
    await worker.close({ timeout: 10_000 });
    process.exit(0);
  });
}
