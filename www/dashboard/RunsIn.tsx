import type { SharedRecord } from "jobgate/shared";
import { runsIn } from "./job-types.ts";
import { useDashboard } from "./store.ts";
import { tabName } from "./words.ts";

/** Where the jobs of a type run: on a page's thread or in a worker of its pool; of a running job also in which tab. */
export function RunsIn({ type, owner }: { type: string; owner?: SharedRecord["owner"] }) {
  const own = useDashboard(({ runner }) => runner.tab);
  const where = runsIn(type);
  return (
    <span class="runs-in" data-where={where}>
      <span class="visually-hidden">runs in: </span>
      {owner ? `${where}, ${tabName(owner.tab, own)}` : where}
    </span>
  );
}
