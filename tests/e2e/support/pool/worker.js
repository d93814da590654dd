import { exposeJobs } from "jobgate/worker";

exposeJobs({
  echo: (params) => params,
  spins(_, { progress, aborted }) {
    progress(0, "running");
    while (!aborted());
    return "saw it";
  },
});
