import { JobManager } from "jobgate/slim";

try {
  new JobManager().runJob("answer", async () => 42);
} catch (error) {
  console.log(error.message);
}
