import { useLayoutEffect, useRef } from "preact/hooks";
import { clockTime } from "../../shared/format.ts";
import { useLog } from "../store.ts";

/** What the job logged, and what it logs. Not live for assistive technology: a line a page would drown the rest. */
export function Log({ id }: { id: string }) {
  const lines = useLog(id);
  const region = useRef<HTMLDivElement>(null);
  const atEnd = useRef(true);
  useLayoutEffect(() => {
    if (atEnd.current && region.current) region.current.scrollTop = region.current.scrollHeight;
  }, [lines]);
  return (
    <div
      ref={region}
      class="job-log"
      role="log"
      aria-label="Log"
      aria-live="off"
      // biome-ignore lint/a11y/noNoninteractiveTabindex: a scrolling region has to be reachable by keyboard.
      tabIndex={0}
      onScroll={({ currentTarget: { scrollTop, scrollHeight, clientHeight } }) => {
        atEnd.current = scrollHeight - scrollTop - clientHeight < 8;
      }}
    >
      {!lines && <p class="muted">It has logged nothing since this tab is open.</p>}
      {lines?.map((line, at) => (
        <p key={at}>
          <time dateTime={new Date(line.at).toISOString()}>{clockTime(line.at)}</time> {line.message}
        </p>
      ))}
    </div>
  );
}
