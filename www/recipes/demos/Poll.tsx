import { useJob } from "jobgate/react";
import { useState } from "preact/hooks";
import { Button } from "../../shared/components.tsx";
import { newId } from "../ids.ts";
import { report, reports } from "../poll.ts";
import { JobLine } from "./job-line.tsx";

export function Poll() {
  const [id, setId] = useState(() => newId("report"));
  const job = useJob(reports, id);
  const start = () => {
    const next = newId("report");
    setId(next);
    report(next);
  };
  return (
    <>
      <div class="buttons">
        <Button primary onClick={start} disabled={job.isActive}>
          Ask for the report
        </Button>
        <Button onClick={() => void job.stop()} disabled={!job.isActive}>
          Stop asking
        </Button>
      </div>
      <JobLine name="report" job={job} />
    </>
  );
}
