import { useDashboard } from "./store.ts";

/** Tells where the jobs of a type run: where the runner does, or in a worker of the pool. */
export function useRunsIn(): (type: string) => string {
  const types = useDashboard(({ types }) => types);
  const kind = useDashboard(({ hostKind }) => hostKind);
  const inWorkers = types.filter(({ runsIn }) => runsIn === "worker").map(({ name }) => name);
  return (type) => (inWorkers.includes(type) ? "pool worker" : (kind ?? ""));
}

export function RunsIn({ where }: { where: string }) {
  return (
    <span class="runs-in" data-where={where}>
      <span class="visually-hidden">runs in: </span>
      {where}
    </span>
  );
}
