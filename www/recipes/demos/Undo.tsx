import { useState } from "preact/hooks";
import { Button } from "../../shared/components.tsx";
import { newId } from "../ids.ts";
import { remove, UNDO_MS, undo } from "../undo.ts";
import { Failure } from "./failure.tsx";

const words = {
  there: "",
  going: `goes in ${UNDO_MS / 1000} seconds`,
  gone: "deleted on the server",
  failed: "was not deleted",
} as const;

const states = { Normal: "gone", Cancelled: "there", Failed: "failed" } as const;

export function Undo() {
  const [state, setState] = useState<keyof typeof words>("there");
  const [error, setError] = useState<unknown>();
  const [id, setId] = useState(() => newId("letter"));
  const press = () => {
    setState("going");
    setError(undefined);
    void remove(id).settled.then((completion) => {
      setState(states[completion.type]);
      if (completion.type === "Failed") setError(completion.error);
    });
  };
  return (
    <>
      <p data-testid="letter" data-id={id} data-state={state} aria-live="polite">
        A letter to a friend <span class="muted">{words[state]}</span>
      </p>
      <Failure error={error} />
      <div class="buttons">
        <Button primary onClick={press} disabled={state === "going" || state === "gone"}>
          Delete the letter
        </Button>
        {state === "gone" && (
          <Button
            onClick={() => {
              setId(newId("letter"));
              setState("there");
            }}
          >
            Another letter
          </Button>
        )}
        <Button onClick={() => void undo(id)} disabled={state !== "going"}>
          Undo
        </Button>
      </div>
    </>
  );
}
