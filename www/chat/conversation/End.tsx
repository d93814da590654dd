import { Button } from "../../shared/components.tsx";
import { errorText } from "../../shared/format.ts";
import { again, type Conversation, isBusy, useTalk } from "../conversations.ts";
import { focusComposer } from "./Composer.tsx";

/** How the last answer ended, and what can be done about it. It keeps its place, so that nothing jumps. */
export function End({ conversation }: { conversation: Conversation }) {
  const talk = useTalk(conversation);
  const { state, error } = talk;
  const redo = () => {
    again(conversation, talk);
    focusComposer();
  };
  if (isBusy(talk) || conversation.stopping) {
    return <p class="after muted">{state === "requesting" && "…"}</p>;
  }
  if (error !== undefined) {
    return (
      <div class="notice failure" data-tone="bad" data-testid="failure">
        <p>{errorText(error)}</p>
        <Button onClick={redo}>Retry</Button>
      </div>
    );
  }
  return (
    <div class="after">
      {conversation.end === "stopped" && <span class="muted small">Stopped.</span>}
      <Button onClick={redo}>Regenerate</Button>
    </div>
  );
}
