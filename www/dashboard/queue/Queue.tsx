// biome-ignore-all lint/a11y/useSemanticElements: a table of which most rows are not drawn is a grid.
// biome-ignore-all lint/a11y/useFocusableInteractive: the grid holds the focus and says which row is active.

import { useCallback, useMemo, useRef, useState } from "preact/hooks";
import { Panel } from "../../shared/components.tsx";
import { count } from "../../shared/format.ts";
import type { Job } from "../places/place.ts";
import { selectJob, useSelectedId } from "../route.ts";
import { useQueue } from "../store.ts";
import { QueueRow, rowId } from "./QueueRow.tsx";
import { useRows } from "./use-rows.ts";
import { type Column, columns, type Filter, filters, nextSorting, type Sorting, visibleJobs } from "./view.ts";

/** As queue.css has it: larger where the visitor's text is. */
const REM = Number.parseFloat(getComputedStyle(document.documentElement).fontSize);
const ROW_HEIGHT = 2.75 * REM;
const HEAD_HEIGHT = 2.25 * REM;

export type OpenedBy = "pointer" | "keyboard";

/** `onOpen`: a job was chosen, which the address names from now on. */
export function Queue({ onOpen }: { onOpen: (by: OpenedBy) => void }) {
  const { jobs } = useQueue();
  const [filter, setFilter] = useState<Filter>("all");
  const [sorting, setSorting] = useState<Sorting>();
  const shown = useMemo(() => visibleJobs(jobs, filter, sorting), [jobs, filter, sorting]);
  return (
    <Panel title="Queue" class="queue-panel" aside={<Filters value={filter} onChange={setFilter} />}>
      <Grid
        jobs={shown}
        sorting={sorting}
        onSort={(by) => setSorting(nextSorting(sorting, by))}
        onOpen={onOpen}
        empty={filter === "all" ? "No job yet. Start one and it appears here." : `No job is ${filter}.`}
      />
    </Panel>
  );
}

function Filters(props: { value: Filter; onChange: (filter: Filter) => void }) {
  const { jobs } = useQueue();
  const counts = useMemo(() => countByStatus(jobs), [jobs]);
  return (
    <fieldset class="segments filters">
      <legend class="visually-hidden">Show</legend>
      {filters.map((filter) => (
        <label key={filter}>
          <input
            type="radio"
            name="filter"
            value={filter}
            checked={filter === props.value}
            onChange={() => props.onChange(filter)}
          />
          <span>
            {filter}{" "}
            <span class="segment-count">{count(filter === "all" ? jobs.length : (counts.get(filter) ?? 0))}</span>
          </span>
        </label>
      ))}
    </fieldset>
  );
}

function countByStatus(jobs: readonly Job[]): ReadonlyMap<string, number> {
  const counts = new Map<string, number>();
  for (const { status } of jobs) counts.set(status, (counts.get(status) ?? 0) + 1);
  return counts;
}

interface GridProps {
  readonly jobs: readonly Job[];
  readonly sorting: Sorting;
  readonly onSort: (by: Column) => void;
  readonly onOpen: (by: OpenedBy) => void;
  readonly empty: string;
}

/** The grid has the focus and names its active row, which stays even when rows come and go around it. */
function Grid({ jobs, sorting, onSort, onOpen, empty }: GridProps) {
  const grid = useRef<HTMLDivElement>(null);
  const rows = useRows(grid, jobs.length, ROW_HEIGHT, HEAD_HEIGHT);
  const selected = useSelectedId();
  const [activeId, setActiveId] = useState<string>();
  const activeAt = useMemo(() => jobs.findIndex(({ id }) => id === activeId), [jobs, activeId]);
  const drawn = rows.getVirtualItems();
  const isDrawn = drawn.some(({ index }) => index === activeAt);

  const activate = (at: number) => {
    const to = Math.min(jobs.length - 1, Math.max(0, at));
    const job = jobs[to];
    if (!job) return;
    setActiveId(job.id);
    rows.scrollToIndex(to, { align: "auto" });
  };
  const select = useCallback(
    (id: string) => {
      setActiveId(id);
      selectJob(id);
      onOpen("pointer");
    },
    [onOpen],
  );
  const page = Math.max(1, Math.floor((grid.current?.clientHeight ?? 0) / ROW_HEIGHT) - 2);
  const onKeyDown = (event: KeyboardEvent) => {
    if (event.target !== event.currentTarget || event.ctrlKey || event.metaKey || event.altKey) return;
    const at = activeAt;
    const targets: Record<string, number> = {
      ArrowDown: at + 1,
      ArrowUp: at < 0 ? 0 : at - 1,
      PageDown: at + page,
      PageUp: at - page,
      Home: 0,
      End: jobs.length - 1,
    };
    const to = targets[event.key];
    if (to !== undefined) activate(to);
    else if (event.key === "Enter" && jobs[at]) {
      selectJob(jobs[at].id);
      onOpen("keyboard");
    } else return;
    event.preventDefault();
  };

  return (
    <div
      ref={grid}
      class="queue"
      role="grid"
      aria-label="Jobs"
      aria-rowcount={jobs.length + 1}
      aria-activedescendant={isDrawn && activeId !== undefined ? rowId(activeId) : undefined}
      tabIndex={0}
      onKeyDown={onKeyDown}
      onFocus={(event) => {
        if (event.target === event.currentTarget && activeAt < 0) {
          setActiveId(jobs.some(({ id }) => id === selected) ? selected : jobs[0]?.id);
        }
      }}
    >
      <div role="rowgroup" class="queue-head">
        <div role="row" aria-rowindex={1}>
          {columns.map((column) => (
            <ColumnHead key={column} column={column} sorting={sorting} onSort={onSort} />
          ))}
        </div>
      </div>
      <div role="rowgroup" class="queue-body" style={{ height: `${rows.getTotalSize()}px` }}>
        {drawn.map(({ index, start }) => {
          const job = jobs[index];
          return (
            job && (
              <QueueRow
                key={job.id}
                job={job}
                rowIndex={index + 2}
                top={start - HEAD_HEIGHT}
                active={index === activeAt}
                selected={job.id === selected}
                onSelect={select}
              />
            )
          );
        })}
      </div>
      {jobs.length === 0 && <p class="queue-empty">{empty}</p>}
    </div>
  );
}

function ColumnHead(props: { column: Column; sorting: Sorting; onSort: (by: Column) => void }) {
  const { column, sorting } = props;
  const direction = sorting?.by !== column ? undefined : sorting.descending ? "descending" : "ascending";
  return (
    <div role="columnheader" class={`queue-${column}`} aria-sort={direction ?? "none"}>
      <button type="button" onClick={() => props.onSort(column)}>
        {column}
      </button>
    </div>
  );
}
