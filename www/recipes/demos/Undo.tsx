import { useState } from "preact/hooks";
import { Button } from "../../shared/components.tsx";
import { visit } from "../ids.ts";
import { remove, UNDO_MS, undo } from "../undo.ts";

const words = { there: "", going: `goes in ${UNDO_MS / 1000} seconds`, gone: "deleted on the server" } as const;

export function Undo() {
  const [state, setState] = useState<keyof typeof words>("there");
  const id = `letter-${visit}`;
  const press = () => {
    setState("going");
    void remove(id).settled.then(({ type }) => setState(type === "Normal" ? "gone" : "there"));
  };
  return (
    <>
      <p data-testid="letter" data-id={id} data-state={state} aria-live="polite">
        A letter to a friend <span class="muted">{words[state]}</span>
      </p>
      <div class="buttons">
        <Button primary onClick={press} disabled={state !== "there"}>
          Delete the letter
        </Button>
        <Button onClick={() => void undo(id)} disabled={state !== "going"}>
          Undo
        </Button>
      </div>
    </>
  );
}
