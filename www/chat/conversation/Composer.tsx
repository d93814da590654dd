import { Button } from "../../shared/components.tsx";
import { type Conversation, draft as keep, send, stop } from "../conversations.ts";

const MOST_ROWS = 8;
const FIELD = "message";

/** After what took the focused control away. */
export const focusComposer = (): void => document.getElementById(FIELD)?.focus();

/** What is typed stays with its conversation until it was sent. */
export function Composer({ conversation }: { conversation: Conversation }) {
  const { id, draft, busy, stopping } = conversation;
  const submit = () => {
    send(id, draft);
    focusComposer();
  };
  const stopIt = () => {
    stop(id);
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
      <textarea
        id={FIELD}
        aria-describedby="message-keys"
        rows={Math.min(MOST_ROWS, Math.max(2, draft.split("\n").length))}
        value={draft}
        onInput={({ currentTarget }) => keep(id, currentTarget.value)}
        onKeyDown={(event) => {
          if (event.key !== "Enter" || event.shiftKey || event.isComposing) return;
          event.preventDefault();
          submit();
        }}
      />
      <div class="composer-foot">
        <p class="muted small" id="message-keys">
          <kbd>Enter</kbd> sends, <kbd>Shift</kbd> <kbd>Enter</kbd> begins a line, <kbd>Esc</kbd> stops.
        </p>
        <div class="buttons">
          <Button onClick={stopIt} disabled={!busy || stopping}>
            Stop
          </Button>
          <Button primary submit disabled={busy || draft.trim() === ""}>
            Send
          </Button>
        </div>
      </div>
    </form>
  );
}
