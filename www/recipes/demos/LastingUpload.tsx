import { useQueue } from "jobgate/react";
import type { SharedRecord } from "jobgate/shared";
import { useState } from "preact/hooks";
import { Button, Field } from "../../shared/components.tsx";
import { newId } from "../ids.ts";
import { add, remove, uploads } from "../lasting-upload.ts";
import { Failure } from "./failure.tsx";
import { SharedLine } from "./shared-line.tsx";

const made = () => new Blob([new Uint8Array(2_000_000)]);
const isOver = ({ status }: SharedRecord) => status !== "pending" && status !== "running";

export function LastingUpload() {
  const jobs = useQueue(uploads).jobs as readonly SharedRecord[];
  const [error, setError] = useState<unknown>();
  const told = (done: Promise<unknown>) => void done.then(() => setError(undefined), setError);
  const unfinished = jobs.filter((job) => !isOver(job));
  return (
    <>
      <Field label="A file to upload">
        {(control) => (
          <input
            {...control}
            type="file"
            onChange={({ currentTarget }) => {
              const file = currentTarget.files?.[0];
              if (!file) return;
              told(add(file.name, file));
              currentTarget.value = ""; // the same file may be chosen again
            }}
          />
        )}
      </Field>
      <div class="buttons">
        <Button primary onClick={() => told(add(newId("made"), made()))}>
          Upload 2 MB made here
        </Button>
        <Button onClick={() => told(Promise.all(unfinished.map(remove)))} disabled={unfinished.length === 0}>
          Remove the unfinished
        </Button>
      </div>
      <p class="muted small">
        Close this tab on the way, reload it, or go offline: the upload goes on in another tab of this page, or when you
        come back.
      </p>
      <Failure error={error} />
      <div class="job-lines" data-testid="lasting-uploads">
        {jobs.slice(0, 5).map((job) => (
          <SharedLine key={job.id} name={(job.params as { name: string }).name} job={job} />
        ))}
      </div>
    </>
  );
}
