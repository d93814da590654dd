import { useJob } from "jobgate/react";
import { useState } from "preact/hooks";
import { Button } from "../../shared/components.tsx";
import { useNow } from "../../shared/use-now.ts";
import { newId } from "../ids.ts";
import { upload, uploads } from "../upload.ts";
import { JobLine } from "./job-line.tsx";

const FILE_BYTES = 2_000_000;

export function Upload() {
  const [id, setId] = useState(() => newId("file"));
  const job = useJob(uploads, id);
  const { readyAt } = job;
  const now = useNow(readyAt !== undefined);
  const start = () => {
    const next = newId("file");
    setId(next);
    upload(next, new Blob([new Uint8Array(FILE_BYTES)]));
  };
  const waiting = readyAt === undefined ? {} : { text: `trying again in ${secondsUntil(readyAt, now)} s` };
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
        The server refuses two parts, and says when to try again. Switch your connection off on the way, and on again.
      </p>
      <JobLine name="upload" job={job} {...waiting} bar />
    </>
  );
}

const secondsUntil = (time: number, now: number) => Math.max(1, Math.ceil((time - now) / 1000));
