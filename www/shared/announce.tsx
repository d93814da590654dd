import { subject } from "jobgate";
import { useEffect, useRef, useState } from "preact/hooks";

/** A region that changes twice in a moment is read out once, and says the last: what is said in that time comes together. */
const GATHER_MS = 100;

interface Announcement {
  readonly line: string;
  /** In that moment, the latest about one thing is all that is said of it. */
  readonly about: unknown;
}

const announcements = subject<Announcement>();

/** Says a line to assistive technology, politely. */
export const announce = (line: string, about: unknown = {}): void => announcements.next({ line, about });

/** Says a line whenever it has become another one: what stands there at first is no news. */
export function useAnnounced(line: string): void {
  const before = useRef(line);
  useEffect(() => {
    if (before.current !== line) announce(line, before);
    before.current = line;
  }, [line]);
}

export function LiveRegion() {
  const [said, setSaid] = useState({ lines: [] as string[], count: 0 });
  useEffect(() => {
    const lines = new Map<unknown, string>();
    let timer: ReturnType<typeof setTimeout> | undefined;
    const say = () => {
      const latest = [...lines.values()];
      setSaid(({ count }) => ({ lines: latest, count: count + 1 }));
      lines.clear();
      timer = undefined;
    };
    const stop = announcements.listen(({ line, about }) => {
      lines.delete(about);
      lines.set(about, line);
      timer ??= setTimeout(say, GATHER_MS);
    });
    return () => {
      stop();
      clearTimeout(timer);
    };
  }, []);
  return (
    <div class="visually-hidden" role="status" aria-live="polite">
      {/* Other elements each time: the same line twice is said twice. */}
      {said.lines.map((line, at) => (
        <p key={`${said.count}-${at}`}>{line}</p>
      ))}
    </div>
  );
}
