import { subject } from "jobgate";
import { useEffect, useState } from "preact/hooks";

const announcements = subject<string>();

/** Says a line to assistive technology, politely. */
export const announce = (line: string): void => announcements.next(line);

export function LiveRegion() {
  const [said, setSaid] = useState({ line: "", count: 0 });
  useEffect(() => announcements.listen((line) => setSaid(({ count }) => ({ line, count: count + 1 }))), []);
  return (
    <p class="visually-hidden" role="status" aria-live="polite">
      {/* Another element each time: the same line twice is said twice. */}
      <span key={said.count}>{said.line}</span>
    </p>
  );
}
