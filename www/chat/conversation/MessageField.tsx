const MOST_ROWS = 8;

interface Props {
  id: string;
  describedBy?: string;
  text: string;
  onText(text: string): void;
  onSubmit(): void;
}

/** Safari tells of the key that ends a composition once that is over: only its code, of no key, says what it was. */
export const isComposed = ({ isComposing, keyCode }: KeyboardEvent): boolean => isComposing || keyCode === 229;

/** Grows with what is typed. Enter submits, Shift and Enter begin a line; what composes a character does neither. */
export function MessageField({ id, describedBy, text, onText, onSubmit }: Props) {
  return (
    <textarea
      id={id}
      aria-describedby={describedBy}
      rows={Math.min(MOST_ROWS, Math.max(2, text.split("\n").length))}
      value={text}
      onInput={({ currentTarget }) => onText(currentTarget.value)}
      onKeyDown={(event) => {
        if (event.key !== "Enter" || event.shiftKey || isComposed(event)) return;
        event.preventDefault();
        onSubmit();
      }}
    />
  );
}
