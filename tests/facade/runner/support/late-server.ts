// A worker whose queue begins to listen only when it is told to: what was said before is heard by nobody.
import { JobRunner } from "jobgate/runner";

const runner = new JobRunner();
addEventListener("message", ({ data }) => {
  if (data === "serve") runner.serve(globalThis as unknown as Worker);
});
