"use client";

import { JobManager } from "jobgate";
import { useJob, useJobs, useQueue } from "jobgate/react";
import { JobRunner } from "jobgate/runner";
import { useEffect, useState } from "react";
import { runPool } from "../programs/run-pool.js";
import { outcomes } from "../whole.js";

// On the server, too, where nobody may be shown them.
const manager = new JobManager();
const runner = new JobRunner();
manager.runJob("key", () => new Promise(() => {}));
runner.createJob("echo", { message: "there", delay: 1 });

/** Rendered on the server as well: what it imports has to load there. */
export function InBrowser() {
  const [all, setAll] = useState(null);
  const { status } = useJob(manager, "key");
  const { jobs } = useJobs(manager);
  const { stats } = useQueue(runner);
  useEffect(() => {
    // One after the other: one of the former moves the time, and the pool's worker loads in real time.
    outcomes.then(async (own) => setAll({ ...own, ...(await runPool()) }));
  }, []);
  return (
    <>
      <p id="hooks">{`${status} ${jobs.length} ${stats.total}`}</p>
      <p id="client">{JSON.stringify(all)}</p>
    </>
  );
}
