import { readFile } from "node:fs/promises";
import { fileURLToPath } from "node:url";
import { init, JobManager } from "jobgate/slim";

const bytes = await readFile(fileURLToPath(import.meta.resolve("jobgate/jobgate.wasm")));
const response = () => new Response(bytes);
// One that fails leaves the next to do it; two at once share one.
await init(new Response("offline", { status: 503 })).catch(({ message }) => console.log(message));
const source = response();
await Promise.all([init(source), init(source)]);
await init(source);
await init("https://offline.invalid/jobgate.wasm");
console.log(await new JobManager().runJob("answer", async () => 42).job.result);
