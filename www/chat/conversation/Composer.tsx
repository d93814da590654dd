import { Button } from "../../shared/components.tsx";
import { type Conversation, isBusy, draft as keep, send, stop, useTalk } from "../conversations.ts";
import { MessageField } from "./MessageField.tsx";

const FIELD = "message";

/** After what took the focused control away: once that is drawn, for another conversation has a field of its own. */
export const focusComposer = (): void => queueMicrotask(() => document.getElementById(FIELD)?.focus());

/** What is typed stays with its conversation until it was sent. */
export function Composer({ conversation }: { conversation: Conversation }) {
  const { id, draft, stopping } = conversation;
  const talk = useTalk(conversation);
  const busy = isBusy(talk);
  const submit = () => {
    send(conversation, talk, draft);
    focusComposer();
  };
  const stopIt = () => {
    void stop(conversation, talk);
    focusComposer();
  };
  return (
    <form
      class="composer"
      onSubmit={(event) => {
        event.preventDefault();
        submit();
      }}
    >
      <label for={FIELD}>Message</label>
      <MessageField
        id={FIELD}
        describedBy="message-keys"
        text={draft}
        onText={(text) => keep(id, text)}
        onSubmit={submit}
      />
      <div class="composer-foot">
        <p class="muted small" id="message-keys">
          <kbd>Enter</kbd> sends, <kbd>Shift</kbd> <kbd>Enter</kbd> begins a line, <kbd>Esc</kbd> stops.
        </p>
        <div class="buttons">
          <Button onClick={stopIt} disabled={!busy || stopping}>
            Stop
          </Button>
          <Button primary submit disabled={draft.trim() === ""}>
            Send
          </Button>
        </div>
      </div>
    </form>
  );
}
