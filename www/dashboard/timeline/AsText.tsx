import { useState } from "preact/hooks";
import { clockTime, shortDuration } from "../../shared/format.ts";
import { useNow } from "../../shared/use-now.ts";
import type { Job } from "../places/place.ts";
import type { OpenedBy } from "../queue/Queue.tsx";
import { jobHref } from "../route.ts";
import { runsOf } from "../runs.ts";
import { useDashboard, useQueue } from "../store.ts";

const LAST = 20;

/** What the picture shows, for who cannot see it or would rather read. */
export function AsText({ onOpen }: { onOpen: (by: OpenedBy) => void }) {
  const [open, setOpen] = useState(false);
  return (
    <details onToggle={(event) => setOpen(event.currentTarget.open)}>
      <summary>The timeline as text</summary>
      {open && <LastJobs onOpen={onOpen} />}
    </details>
  );
}

function LastJobs({ onOpen }: { onOpen: (by: OpenedBy) => void }) {
  const { jobs } = useQueue();
  const runs = useDashboard(({ runs }) => runs);
  const place = useDashboard(({ place }) => place);
  const now = useNow(true);
  const last = jobs.toSorted((a, b) => b.created_at - a.created_at).slice(0, LAST);
  if (last.length === 0) return <p class="muted small">Nothing has happened yet.</p>;
  return (
    // biome-ignore lint/a11y/noNoninteractiveTabindex: a scrolling region has to be reachable by keyboard.
    <section class="table-scroll timeline-text" tabIndex={0} aria-label="The last jobs, newest first">
      <table>
        <thead>
          <tr>
            <th scope="col">Job</th>
            <th scope="col">Type</th>
            <th scope="col">Created</th>
            <th scope="col">Waited</th>
            <th scope="col">Ran</th>
            <th scope="col">Status</th>
          </tr>
        </thead>
        <tbody>
          {last.map((job) => (
            <tr key={job.id}>
              <td>
                {/* A key's click has no detail. */}
                <a href={jobHref(job.id)} onClick={({ detail }) => onOpen(detail === 0 ? "keyboard" : "pointer")}>
                  {job.id}
                </a>
              </td>
              <td>{job.type}</td>
              <td>{clockTime(job.created_at)}</td>
              <td>{shortDuration(waited(job, now))}</td>
              <td>{ranFor(job)}</td>
              <td>{job.status}</td>
            </tr>
          ))}
        </tbody>
      </table>
    </section>
  );

  function ranFor(job: Job): string {
    const tried = runsOf(job, runs);
    if (tried.length === 0) return "–";
    const times = tried.map(({ from, to, by }) => `${shortDuration((to ?? now) - from)} in ${place.nameOf(by)}`);
    return times.join(", then ");
  }
}

function waited({ created_at, started_at, completed_at }: Job, now: number): number {
  return (started_at ?? completed_at ?? now) - created_at;
}
