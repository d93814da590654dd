import { Button } from "../../shared/components.tsx";
import { errorText } from "../../shared/format.ts";
import { again, type Conversation } from "../conversations.ts";
import { focusComposer } from "./Composer.tsx";

/** How the last answer ended, and what can be done about it. It keeps its place, so that nothing jumps. */
export function End({ conversation }: { conversation: Conversation }) {
  const { id, busy, end, state } = conversation;
  const redo = () => {
    again(id);
    focusComposer();
  };
  if (busy || !end) return <p class="after muted">{state === "requesting" && "…"}</p>;
  if (end.type === "Failed") {
    return (
      <div class="notice failure" data-tone="bad" data-testid="failure">
        <p>{errorText(end.error)}</p>
        <Button onClick={redo}>Retry</Button>
      </div>
    );
  }
  return (
    <div class="after">
      {end.type === "Cancelled" && <span class="muted small">Stopped.</span>}
      <Button onClick={redo}>Regenerate</Button>
    </div>
  );
}
