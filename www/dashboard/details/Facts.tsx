import type { ComponentChildren } from "preact";
import { clockTime, shortDuration } from "../../shared/format.ts";
import { useNow } from "../../shared/use-now.ts";
import type { Job } from "../places/place.ts";
import { isTakenOver, type Run, runsOf } from "../runs.ts";
import { isFinished, useDashboard } from "../store.ts";

/** When it came, how long it waited and ran; told in lines that are always there, so that nothing moves. */
export function Facts({ job }: { job: Job }) {
  const now = useNow(!isFinished(job));
  const { created_at, started_at, completed_at } = job;
  const waited = (started_at ?? completed_at ?? now) - created_at;
  return (
    <dl class="job-facts">
      <Fact name="Created">{clockTime(created_at)}</Fact>
      <Fact name="Waited">{shortDuration(waited)}</Fact>
      <Fact name="Started">{started_at === undefined ? "–" : clockTime(started_at)}</Fact>
      <Fact name="Ran">{started_at === undefined ? "–" : shortDuration((completed_at ?? now) - started_at)}</Fact>
      <Fact name="Ended">{completed_at === undefined ? "–" : clockTime(completed_at)}</Fact>
    </dl>
  );
}

function Fact(props: { name: string; children: ComponentChildren }) {
  return (
    <div>
      <dt>{props.name}</dt>
      <dd data-testid={`fact-${props.name.toLowerCase()}`}>{props.children}</dd>
    </div>
  );
}

/** Every run: by whom, how long, and why it was not the last. */
export function Attempts({ job }: { job: Job }) {
  const told = useDashboard(({ runs }) => runs);
  const place = useDashboard(({ place }) => place);
  const runs = runsOf(job, told);
  const now = useNow(runs.some(({ to }) => to === undefined));
  return (
    // biome-ignore lint/a11y/noNoninteractiveTabindex: a scrolling region has to be reachable by keyboard.
    <section class="attempts" tabIndex={0} aria-label="Attempts">
      {runs.length === 0 && <p class="muted">It has not been started.</p>}
      <ol>
        {runs.map((run, at) => (
          <li key={run.epoch}>
            <span>
              Attempt {run.attempt}, {place.nameOf(run.by)}
            </span>
            <span class="muted">{shortDuration((run.to ?? now) - run.from)}</span>
            <span class={run.error === undefined ? "muted" : "attempt-error"}>
              {outcomeOf(job, run, runs[at + 1], place.own === undefined ? "worker" : "tab")}
            </span>
          </li>
        ))}
      </ol>
    </section>
  );
}

function outcomeOf({ status, error }: Job, run: Run, next: Run | undefined, who: string): string {
  if (run.error !== undefined) return run.error;
  if (run.handedOver) return `handed over by its ${who}`;
  if (isTakenOver(run, next)) return `its ${who} went away: taken over`;
  if (run.to === undefined) return status === "running" ? "running" : `its ${who} went away`;
  return status === "failed" ? `failed: ${error?.message ?? ""}` : status;
}
