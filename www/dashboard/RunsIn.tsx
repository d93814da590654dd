import { useDashboard } from "./store.ts";

/** Where the jobs of a type run: where the runner does, or in a worker of the pool. */
export function RunsIn({ type }: { type: string }) {
  const runsIn = useDashboard(({ types }) => types.find(({ name }) => name === type)?.runsIn ?? "runner");
  const kind = useDashboard(({ hostKind }) => hostKind);
  return (
    <span class="runs-in" data-runs-in={runsIn}>
      <span class="visually-hidden">runs in: </span>
      {runsIn === "worker" ? "pool worker" : kind}
    </span>
  );
}
