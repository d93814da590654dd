import { JobRunner } from "jobgate/runner";

const runner = new JobRunner();
self.addEventListener("connect", ({ ports: [port] }) => runner.serve(port));
