import type { ManagerStats } from "../types.js";
import type { QueueSnapshot } from "./types.js";

type Shown = QueueSnapshot & { readonly connected?: boolean };

/** The new one, frozen; the one before where it shows the same: who has drawn that need not draw it again. */
export function unlessSame<Snapshot extends Shown>(before: Snapshot | undefined, now: Snapshot): Snapshot {
  if (before !== undefined && isSame(before, now)) return before;
  for (const part of [now.jobs, now.stats, now]) Object.freeze(part);
  return now;
}

function isSame(one: Shown, other: Shown): boolean {
  return (
    one.connected === other.connected &&
    Object.entries(one.stats).every(([name, count]) => other.stats[name as keyof ManagerStats] === count) &&
    one.jobs.length === other.jobs.length &&
    one.jobs.every((record, at) => record === other.jobs[at])
  );
}
