import url from "jobgate/jobgate.wasm?url";
import { init, JobManager } from "jobgate/slim";

await init(url);
const { type, result } = await new JobManager().runJob("answer", async () => 42).job.settled;
document.body.dataset.outcome = `${type} ${result}`;
