import { announce } from "../shared/announce.tsx";
import { Badge, Button, type Tone } from "../shared/components.tsx";
import { count, shortDuration } from "../shared/format.ts";
import type { Phase } from "./connection.ts";
import { MOST_AT_ONCE } from "./host/protocol.ts";
import { call, clearCompleted, isFinished, reconnect, useDashboard, useQueue } from "./store.ts";

const phases: Record<Phase, { readonly text: string; readonly tone: Tone }> = {
  connecting: { text: "connecting…", tone: "warn" },
  live: { text: "live", tone: "good" },
  lost: { text: "connection lost", tone: "bad" },
};

const shown = ["running", "pending", "completed", "failed", "cancelled"] as const;

/** The connection, the numbers, and what holds for the whole queue. */
export function Overview() {
  return (
    <section class="overview" aria-label="Overview">
      <div class="overview-title">
        <h1>Dashboard</h1>
        <ConnectionState />
      </div>
      <Numbers />
      <QueueControls />
    </section>
  );
}

function ConnectionState() {
  const phase = useDashboard(({ phase }) => phase);
  const kind = useDashboard(({ hostKind }) => hostKind);
  const restarted = useDashboard(({ restarted }) => restarted);
  const { text, tone } = phases[phase];
  return (
    <div class="connection" role="status" data-testid="connection" data-phase={phase}>
      <Badge tone={tone}>{text}</Badge>
      {phase === "live" && (
        <span class="muted small">
          {restarted
            ? "the runner was started anew"
            : kind === "page"
              ? "the runner is in this page"
              : "one runner for all tabs"}
        </span>
      )}
      {phase === "lost" && (
        <>
          <span class="muted small">what you see is what was last heard</span>
          <Button onClick={reconnect}>Try now</Button>
        </>
      )}
    </div>
  );
}

function Numbers() {
  const { stats } = useQueue();
  const metrics = useDashboard(({ host }) => host?.metrics);
  const killed = useDashboard(({ host }) => host?.pool.killed);
  return (
    <dl class="numbers">
      {shown.map((name) => (
        <div key={name} data-name={name}>
          <dt>{name}</dt>
          <dd data-testid={`stat-${name}`}>{count(stats[name])}</dd>
        </div>
      ))}
      <div>
        <dt>a minute</dt>
        <dd data-testid="stat-throughput">{count(Math.round(metrics?.throughputPerMinute ?? 0))}</dd>
      </div>
      <div>
        <dt>wait, p95</dt>
        <dd>{metrics && metrics.wait.count > 0 ? shortDuration(metrics.wait.p95) : "–"}</dd>
      </div>
      <div>
        <dt>run, p95</dt>
        <dd>{metrics && metrics.run.count > 0 ? shortDuration(metrics.run.p95) : "–"}</dd>
      </div>
      <div>
        <dt>workers killed</dt>
        <dd data-testid="stat-killed">{count(killed ?? 0)}</dd>
      </div>
    </dl>
  );
}

function QueueControls() {
  const live = useDashboard(({ phase }) => phase === "live");
  const paused = useDashboard(({ host }) => host?.paused ?? false);
  const concurrency = useDashboard(({ host }) => host?.concurrency);
  const { jobs } = useQueue();
  const clearable = jobs.some(isFinished);
  const changeConcurrency = (by: number) => {
    void call("changeConcurrency", by).then(
      (limit) => announce(`${limit} at once`),
      () => {},
    );
  };
  const togglePause = () => {
    void call(paused ? "resume" : "pause").then(
      () => announce(paused ? "Resumed" : "Paused"),
      () => {},
    );
  };
  return (
    <div class="overview-controls">
      <fieldset class="stepper">
        <legend class="visually-hidden">Concurrency</legend>
        <span aria-hidden="true">At once</span>
        <Button
          label="Fewer at once"
          disabled={!live || concurrency === undefined || concurrency <= 1}
          onClick={() => changeConcurrency(-1)}
        >
          −
        </Button>
        <output data-testid="concurrency" aria-label="Running at once, at most">
          {concurrency ?? "–"}
        </output>
        <Button
          label="More at once"
          disabled={!live || concurrency === undefined || concurrency >= MOST_AT_ONCE}
          onClick={() => changeConcurrency(1)}
        >
          +
        </Button>
      </fieldset>
      <Button onClick={togglePause} disabled={!live}>
        {paused ? "Resume" : "Pause"}
      </Button>
      <Button onClick={clearCompleted} disabled={!live || !clearable}>
        Clear completed
      </Button>
    </div>
  );
}
