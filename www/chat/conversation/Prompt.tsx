import { memo } from "preact/compat";
import { useEffect, useRef } from "preact/hooks";
import { Button } from "../../shared/components.tsx";
import { focusComposer } from "./Composer.tsx";
import { isComposed, MessageField } from "./MessageField.tsx";

interface Props {
  text: string;
  /** Its place in what was said. */
  at: number;
  /** Nothing can be changed while an answer arrives. */
  busy: boolean;
  /** What is typed in its place; undefined: it is not edited. */
  edited: string | undefined;
  onType(at: number, text: string | undefined): void;
  onEdit(at: number, text: string): void;
}

/** As it was typed, or while it is typed anew: what was said after it then gives way to another answer. */
export const Prompt = memo(function Prompt({ text, at, busy, edited, onType, onEdit }: Props) {
  const frame = useRef<HTMLElement>(null);
  /** By the visitor. The end of an answer opens it again, too, and is no reason to take the focus from where one types. */
  const justOpened = useRef(false);
  const isEditing = edited !== undefined && !busy;
  useEffect(() => {
    if (isEditing && justOpened.current) frame.current?.querySelector("textarea")?.focus();
    justOpened.current = false;
  }, [isEditing]);
  const open = () => {
    justOpened.current = true;
    onType(at, text);
  };
  if (!isEditing) {
    return (
      <article class="prompt" aria-label="You" ref={frame}>
        <div class="prompt-text">{text}</div>
        <Button onClick={open} disabled={busy} label={`Edit message: ${text.slice(0, 60)}`}>
          Edit
        </Button>
      </article>
    );
  }
  const id = `edit-${at}`;
  const leave = () => {
    onType(at, undefined);
    focusComposer();
  };
  const submit = () => {
    if (edited.trim() === "") return;
    onEdit(at, edited);
    focusComposer();
  };
  return (
    <article class="prompt" data-edited="" aria-label="You" ref={frame}>
      <form
        class="composer"
        onSubmit={(event) => {
          event.preventDefault();
          submit();
        }}
        onKeyDown={(event) => {
          if (event.key !== "Escape" || isComposed(event)) return;
          // Not the answer: the page's Escape stops that.
          event.stopPropagation();
          leave();
        }}
      >
        <label for={id}>Edit the message</label>
        <MessageField
          id={id}
          describedBy={`${id}-hint`}
          text={edited}
          onText={(text) => onType(at, text)}
          onSubmit={submit}
        />
        <div class="composer-foot">
          <p class="muted small" id={`${id}-hint`}>
            What was said after it goes. <kbd>Esc</kbd> leaves it as it was.
          </p>
          <div class="buttons">
            <Button onClick={leave}>Cancel</Button>
            <Button primary submit disabled={edited.trim() === ""}>
              Ask again
            </Button>
          </div>
        </div>
      </form>
    </article>
  );
});
