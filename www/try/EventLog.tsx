import { useEffect, useState } from "preact/hooks";
import { Button, Panel } from "../shared/components.tsx";
import { type LogLine, watchEvents, withEvent } from "./event-log.ts";

const clock = new Intl.DateTimeFormat("en-GB", { hour: "2-digit", minute: "2-digit", second: "2-digit" });

/**
 * The manager's events, newest first. The region is not live: changes of status are announced once elsewhere, and a
 * line for every step of progress read aloud would drown them.
 */
export function EventLog() {
  const [lines, setLines] = useState<readonly LogLine[]>([]);
  useEffect(() => watchEvents((event) => setLines((before) => withEvent(before, event))), []);
  return (
    <Panel title="Events" aside={<Button onClick={() => setLines([])}>Clear</Button>}>
      {/* biome-ignore lint/a11y/noNoninteractiveTabindex: a scrolling region has to be reachable by keyboard. */}
      <div class="log" role="log" aria-label="Events, newest first" aria-live="off" tabIndex={0}>
        {lines.length === 0 && <p class="empty">Nothing has happened yet.</p>}
        {lines.map((line) => (
          <p key={line.number} data-type={line.type}>
            <time dateTime={line.at.toISOString()}>{clock.format(line.at)}</time>
            <span class="log-type">{line.type}</span>
            <span class="log-text">
              <span class="muted">{line.jobId}</span> {line.text}
              {line.times > 1 && <span class="muted"> ×{line.times}</span>}
            </span>
          </p>
        ))}
      </div>
    </Panel>
  );
}
