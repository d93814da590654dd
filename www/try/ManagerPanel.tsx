import { useState } from "preact/hooks";
import { Button, Panel, Select } from "../shared/components.tsx";
import { manager } from "./manager.ts";
import { askToStop } from "./stop-barriers.ts";
import { useManager } from "./use-jobs.ts";

const limits = [
  ["1", "1"],
  ["2", "2"],
  ["4", "4"],
  ["8", "8"],
  ["Infinity", "no limit"],
] as const;

const shown = ["pending", "running", "total", "completed", "failed", "cancelled"] as const;

function stopAll(): void {
  for (const job of [...manager.jobs("pending"), ...manager.jobs("running")]) askToStop(job);
}

export function ManagerPanel() {
  const { stats } = useManager();
  const [limit, setLimit] = useState<(typeof limits)[number][0]>("2");
  const [paused, setPaused] = useState(manager.isPaused);
  const togglePause = () => {
    if (paused) manager.resume();
    else manager.pause();
    setPaused(manager.isPaused);
  };
  return (
    <Panel title="The manager">
      <dl class="stats" data-testid="stats">
        {shown.map((name) => (
          <div key={name}>
            <dt>{name}</dt>
            <dd data-testid={`stat-${name}`}>{stats[name]}</dd>
          </div>
        ))}
      </dl>
      <Select
        label="Running at once"
        value={limit}
        options={limits}
        onChange={(chosen) => {
          manager.concurrency = Number(chosen);
          setLimit(chosen);
        }}
      />
      <div class="buttons">
        <Button onClick={togglePause}>{paused ? "Resume the manager" : "Pause the manager"}</Button>
        <Button onClick={stopAll} disabled={stats.pending + stats.running === 0}>
          Stop all
        </Button>
      </div>
      {paused && <p class="notice">Paused: what runs goes on, nothing new starts.</p>}
    </Panel>
  );
}
