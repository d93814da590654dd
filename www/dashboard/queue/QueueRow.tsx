// biome-ignore-all lint/a11y/useSemanticElements: a table of which most rows are not drawn is a grid.
// biome-ignore-all lint/a11y/useFocusableInteractive: the grid holds the focus and says which row is active.

import { memo } from "preact/compat";
import { Badge } from "../../shared/components.tsx";
import { shortDuration } from "../../shared/format.ts";
import { useNow } from "../../shared/use-now.ts";
import type { Job } from "../places/place.ts";
import { RunsIn } from "../RunsIn.tsx";
import { barTone, percentOf, statusOf } from "../status.ts";

export const rowId = (id: string): string => `row-${encodeURIComponent(id)}`;

interface RowProps {
  readonly job: Job;
  /** Counted from 1, the head being the first. */
  readonly rowIndex: number;
  readonly top: number;
  readonly active: boolean;
  readonly selected: boolean;
  readonly onSelect: (id: string) => void;
}

export const QueueRow = memo(function QueueRow({ job, rowIndex, top, active, selected, onSelect }: RowProps) {
  const { text, tone } = statusOf(job);
  const percent = percentOf(job);
  return (
    // biome-ignore lint/a11y/useKeyWithClickEvents: the grid listens to the keys.
    <div
      role="row"
      id={rowId(job.id)}
      class="queue-row"
      aria-rowindex={rowIndex}
      aria-selected={selected}
      data-active={active}
      data-job={job.id}
      style={{ transform: `translateY(${top}px)` }}
      onClick={() => onSelect(job.id)}
    >
      <Cell name="id" title={job.id}>
        {shortId(job.id)}
      </Cell>
      <Cell name="type">
        <span class="queue-type-name">{job.type}</span> <RunsIn type={job.type} job={job} />
      </Cell>
      <Cell name="status">
        <Badge tone={tone}>{text}</Badge>
      </Cell>
      <Cell name="progress">
        <progress class="progress" aria-hidden="true" value={percent} max={100} data-tone={barTone(job)} />
        <span class="queue-percent">{percent} %</span>
      </Cell>
      <Cell name="age">
        <Age since={job.created_at} />
      </Cell>
    </div>
  );
});

/** What tells it apart: on a server ids begin alike, with the visitor's name. */
const shortId = (id: string): string => id.slice(id.lastIndexOf("-") + 1) || id;

function Cell(props: { name: string; title?: string; children: preact.ComponentChildren }) {
  return (
    <div role="gridcell" class={`queue-${props.name}`} title={props.title}>
      {props.children}
    </div>
  );
}

function Age({ since }: { since: number }) {
  const age = Math.max(0, useNow(true) - since);
  return <>{age < 1000 ? "now" : shortDuration(Math.floor(age / 1000) * 1000).replace(".0", "")}</>;
}
