import { JobManager } from "jobgate";
import { useJob } from "jobgate/react";
import { WorkerPool } from "jobgate/worker-pool";
import { Button, Field } from "../../shared/components.tsx";
import type { Jobs } from "../checksum.ts";
import { JobLine } from "./job-line.tsx";

const spawn = () => new Worker(new URL("../checksum.ts", import.meta.url), { type: "module" });
const pool = new WorkerPool<Jobs>({ size: 1, spawn });
const jobs = new JobManager<string, unknown, never, string>();

const made = () => new Blob(Array.from({ length: 64 }, (_, at) => new Uint8Array(1024 * 1024).fill(at)));

export function Checksum() {
  const job = useJob(jobs, "checksum");
  const start = (file: Blob) => jobs.runJob("checksum", pool.job("checksum", file), { onDuplicate: "replace" });
  return (
    <>
      <Field label="A file of yours" hint="It is read here, in a worker of this page, and sent nowhere.">
        {(control) => (
          <input
            {...control}
            type="file"
            onChange={({ currentTarget }) => {
              const file = currentTarget.files?.[0];
              if (!file) return;
              start(file);
              currentTarget.value = ""; // the same file may be chosen again
            }}
          />
        )}
      </Field>
      <div class="buttons">
        <Button primary onClick={() => start(made())} disabled={job.isActive}>
          Read 64 MB made here
        </Button>
        <Button onClick={() => void job.stop()} disabled={!job.isActive}>
          Stop reading
        </Button>
      </div>
      <JobLine name="checksum" job={job} bar />
    </>
  );
}
