import { useQueue } from "jobgate/react";
import type { SharedRecord } from "jobgate/shared";
import { Button, Field } from "../../shared/components.tsx";
import { newId } from "../ids.ts";
import { add, remove, uploads } from "../lasting-upload.ts";
import { SharedLine } from "./shared-line.tsx";

const made = () => new Blob([new Uint8Array(2_000_000)]);
const isOver = ({ status }: SharedRecord) => status !== "pending" && status !== "running";

export function LastingUpload() {
  const jobs = useQueue(uploads).jobs as readonly SharedRecord[];
  const unfinished = jobs.filter((job) => !isOver(job));
  return (
    <>
      <Field label="A file to upload">
        {(control) => (
          <input
            {...control}
            type="file"
            onChange={({ currentTarget: { files } }) => files?.[0] && void add(files[0].name, files[0])}
          />
        )}
      </Field>
      <div class="buttons">
        <Button primary onClick={() => void add(newId("made"), made())}>
          Upload 2 MB made here
        </Button>
        <Button onClick={() => unfinished.forEach((job) => void remove(job))} disabled={unfinished.length === 0}>
          Remove the unfinished
        </Button>
      </div>
      <p class="muted small">
        Close this tab on the way, reload it, or go offline: the upload goes on in another tab of this page, or when you
        come back.
      </p>
      <div class="job-lines" data-testid="lasting-uploads" aria-live="polite">
        {jobs.slice(0, 5).map((job) => (
          <SharedLine key={job.id} name={(job.params as { name: string }).name} job={job} />
        ))}
      </div>
    </>
  );
}
