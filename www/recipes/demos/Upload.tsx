import { useJob } from "jobgate/react";
import { useState } from "preact/hooks";
import { Button } from "../../shared/components.tsx";
import { newId } from "../ids.ts";
import { upload, uploads } from "../upload.ts";
import { JobLine } from "./job-line.tsx";

const FILE_BYTES = 2_000_000;

export function Upload() {
  const [id, setId] = useState(() => newId("file"));
  const job = useJob(uploads, id);
  const start = () => {
    const next = newId("file");
    setId(next);
    upload(next, new Blob([new Uint8Array(FILE_BYTES)]));
  };
  return (
    <>
      <div class="buttons">
        <Button primary onClick={start} disabled={job.isActive}>
          Upload 2 MB
        </Button>
        <Button onClick={() => void job.stop()} disabled={!job.isActive}>
          Stop the upload
        </Button>
      </div>
      <p class="muted small">
        The server refuses the second part once. Switch your connection off on the way, and on again.
      </p>
      <JobLine name="upload" job={job} bar />
    </>
  );
}
