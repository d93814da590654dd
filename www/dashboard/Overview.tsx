import { useMemo } from "preact/hooks";
import { announce } from "../shared/announce.tsx";
import { Badge, Button } from "../shared/components.tsx";
import { count, shortDuration } from "../shared/format.ts";
import { useNow } from "../shared/use-now.ts";
import { metricsOf } from "./metrics.ts";
import { clearCompleted, isFinished, setExecutes, useDashboard, useLive, useQueue } from "./store.ts";
import { WhereItRuns } from "./WhereItRuns.tsx";
import { refusalOf, storageWords } from "./words.ts";

const shown = ["running", "pending", "completed", "failed", "cancelled"] as const;

/** The storage, the numbers, and what holds for the whole queue. */
export function Overview() {
  return (
    <section class="overview" aria-label="Overview">
      <div class="overview-title">
        <h1>Dashboard</h1>
        <StorageState />
      </div>
      <WhereItRuns />
      <Numbers />
      <QueueControls />
    </section>
  );
}

function StorageState() {
  const storage = useDashboard(({ storage }) => storage);
  const online = useDashboard(({ online }) => online);
  const tab = useDashboard(({ place }) => (place.name === "tabs" ? place.own : undefined));
  const { badge, tone, text } = storageWords[storage];
  return (
    <div class="connection" role="status" data-testid="storage" data-storage={storage}>
      <Badge tone={tone}>{badge}</Badge>
      <span class="muted small">
        {text}
        {tab !== undefined && (
          <>
            ; this is tab <span data-testid="tab">{tab.slice(0, 4)}</span>
          </>
        )}
      </span>
      {!online && <Badge tone="warn">offline</Badge>}
    </div>
  );
}

function Numbers() {
  const { jobs, stats } = useQueue();
  const capacity = useDashboard(({ place }) => place.capacity);
  const killed = useDashboard(({ killed }) => killed);
  const now = useNow(jobs.some(isFinished));
  const { aMinute, wait, run } = useMemo(() => metricsOf(jobs, now), [jobs, now]);
  const inWords = (time: number | undefined) => (time === undefined ? "–" : shortDuration(time));
  return (
    <dl class="numbers">
      {shown.map((name) => (
        <div key={name} data-name={name}>
          <dt>{name}</dt>
          <dd data-testid={`stat-${name}`}>{count(stats[name])}</dd>
        </div>
      ))}
      <div>
        <dt>at once</dt>
        <dd data-testid="concurrency">{capacity ?? "–"}</dd>
      </div>
      <div>
        <dt>a minute</dt>
        <dd data-testid="stat-throughput">{count(aMinute)}</dd>
      </div>
      <div>
        <dt>wait, p95</dt>
        <dd>{inWords(wait)}</dd>
      </div>
      <div>
        <dt>run, p95</dt>
        <dd>{inWords(run)}</dd>
      </div>
      <div>
        <dt>workers killed</dt>
        <dd data-testid="stat-killed">{count(killed)}</dd>
      </div>
    </dl>
  );
}

function QueueControls() {
  const live = useLive();
  const executes = useDashboard(({ executes }) => executes);
  // A queue in memory is this tab's own: without it the jobs would be gone.
  const hasOthers = useDashboard(({ place, storage }) => place.name === "tabs" && storage !== "memory");
  const { jobs } = useQueue();
  const clearable = jobs.some(isFinished);
  const toggle = () =>
    setExecutes(!executes).then(() => announce(executes ? "This tab only watches" : "This tab runs jobs"));
  return (
    <div class="overview-controls">
      {hasOthers && (
        <Button onClick={() => void toggle()} disabled={!live}>
          {executes ? "Pause this tab" : "Resume this tab"}
        </Button>
      )}
      <Button
        onClick={() => void clearCompleted().catch((error) => announce(refusalOf(error)))}
        disabled={!live || !clearable}
      >
        Clear completed
      </Button>
    </div>
  );
}
