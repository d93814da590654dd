import type { Job } from "./places/place.ts";
import { useDashboard } from "./store.ts";

/** Where the jobs of a type run: on a page's thread, in a worker of its pool, on a server; of a running job also what runs it. */
export function RunsIn({ type, job }: { type: string; job?: Job }) {
  const place = useDashboard(({ place }) => place);
  const where = place.runsIn(type);
  const by = job && place.runnerOf(job);
  return (
    <span class="runs-in" data-where={where}>
      <span class="visually-hidden">runs in: </span>
      {by === undefined ? where : `${where}, ${place.nameOf(by)}`}
    </span>
  );
}
