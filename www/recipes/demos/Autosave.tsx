import { useJob } from "jobgate/react";
import { Field } from "../../shared/components.tsx";
import { save, saves } from "../autosave.ts";
import { newId } from "../ids.ts";
import { JobLine } from "./job-line.tsx";

const id = newId("note");

const words: Record<string, string> = {
  idle: "nothing to save",
  pending: "saved once you pause",
  running: "saving…",
  completed: "saved",
  cancelled: "sent at once, for the page was left",
};

export function Autosave() {
  const job = useJob(saves, id);
  const text = words[job.status];
  return (
    <>
      <Field label="A note" hint="Saved half a second after the last key, and at once when the page is left.">
        {(control) => (
          <input
            {...control}
            autoComplete="off"
            data-id={id}
            onInput={({ currentTarget }) => save(id, currentTarget.value)}
          />
        )}
      </Field>
      <JobLine name="note" job={job} {...(text === undefined ? {} : { text })} />
    </>
  );
}
