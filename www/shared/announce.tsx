import { subject } from "jobgate";
import { useEffect, useState } from "preact/hooks";

const announcements = subject<string>();

/** Says a line to assistive technology, politely. */
export const announce = (line: string): void => announcements.next(line);

export function LiveRegion() {
  const [line, setLine] = useState("");
  useEffect(() => announcements.listen(setLine), []);
  return (
    <p class="visually-hidden" role="status" aria-live="polite">
      {line}
    </p>
  );
}
