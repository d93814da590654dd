import type { ComponentChildren } from "preact";
import { useId, useLayoutEffect, useRef } from "preact/hooks";
import { Barrier } from "../shared/Barrier.tsx";
import { Badge, Button, ProgressBar, type Tone } from "../shared/components.tsx";
import { duration, errorText } from "../shared/format.ts";
import type { WorkJob } from "./manager.ts";
import { register, registrations } from "./registrations.ts";
import { workNames } from "./start.ts";
import { askToStop, stopBarriers } from "./stop-barriers.ts";
import { useJob } from "./use-jobs.ts";

export function JobCard({ job }: { job: WorkJob }) {
  useJob(job);
  const heading = useId();
  const { state, progress } = job;
  const { text, tone } = statusOf(job);
  const ended = job.completion !== undefined;
  const card = useFocusKept(ended);
  return (
    <li class="job" ref={card} tabIndex={-1} aria-labelledby={heading} data-testid="job" data-job={job.id}>
      <div class="panel-head">
        <h3 id={heading}>
          <span class="job-key">{job.key}</span> <span class="muted job-number">{job.id}</span>
        </h3>
        <Badge tone={tone}>{text}</Badge>
      </div>
      <ProgressBar label={`Progress of ${job.id}`} percent={progress.percent} tone={barTone(job)} />
      <p class="job-line">
        <span>{progress.message || workNames[state.work]}</span>
        <span class="muted">{Math.floor(progress.percent)} %</span>
      </p>
      <dl class="facts">
        <Fact name="Work">{workNames[state.work]}</Fact>
        <Fact name="State">{state.note}</Fact>
        <Fact name="Attempt">{job.attempt}</Fact>
        <Fact name="Priority">{job.priority}</Fact>
        {job.completion && <Fact name="Completion">{completionText(job)}</Fact>}
      </dl>
      <Barrier barrier={stopBarriers.get(job)} />
      <Registrations job={job} />
      <div class="buttons">
        {!ended && <PauseButton job={job} />}
        {!ended && (
          // It stays when the job starts, and keeps the focus that it may have.
          <Button
            onClick={() => job.setPriority("user-blocking")}
            disabled={job.status !== "pending"}
            label={`Raise priority of ${job.id}`}
          >
            Raise priority
          </Button>
        )}
        {!ended && (
          <Button onClick={() => askToStop(job)} disabled={job.stopping} label={`Stop ${job.id}`}>
            Stop
          </Button>
        )}
        <Button onClick={() => register(job)} label={`Register a continuation on ${job.id}`}>
          Register a continuation
        </Button>
      </div>
    </li>
  );
}

/** When the job ends, buttons go; if one had the focus, the card takes it. */
function useFocusKept(ended: boolean) {
  const card = useRef<HTMLLIElement>(null);
  const hadFocus = card.current?.contains(document.activeElement) ?? false; // asked while the buttons still stand
  useLayoutEffect(() => {
    if (ended && hadFocus && !card.current?.contains(document.activeElement)) card.current?.focus();
  }, [ended]);
  return card;
}

function PauseButton({ job }: { job: WorkJob }) {
  if (job.state.work === "flaky") return null; // one short call: nowhere to pause
  const [type, text] = job.state.paused ? (["resume", "Resume"] as const) : (["pause", "Pause"] as const);
  return (
    <Button onClick={() => job.dispatch({ type })} disabled={job.stopping} label={`${text} ${job.id}`}>
      {text}
    </Button>
  );
}

function Fact(props: { name: string; children: ComponentChildren }) {
  return (
    <div>
      <dt>{props.name}</dt>
      <dd>{props.children}</dd>
    </div>
  );
}

function Registrations({ job }: { job: WorkJob }) {
  const list = registrations.get(job);
  if (!list) return null;
  return (
    <ul class="registrations">
      {list.map(({ key, late, called }) => (
        <li key={key}>
          <span>{key}</span>{" "}
          <span class="muted">
            {late ? "registered after the end" : "registered before the end"},{" "}
            {called ? `called with ${called.with} after ${duration(called.afterMs)}` : "waits"}
          </span>
        </li>
      ))}
    </ul>
  );
}

function statusOf(job: WorkJob): { text: string; tone: Tone } {
  if (job.stopping) return { text: "stopping…", tone: "warn" };
  switch (job.status) {
    case "pending":
      return { text: job.attempt > 1 || job.startedAt !== undefined ? "pending, will retry" : "pending", tone: "calm" };
    case "running":
      return job.state.paused ? { text: "running, paused", tone: "warn" } : { text: "running", tone: "active" };
    case "completed":
      return { text: "completed", tone: "good" };
    case "failed":
      return { text: "failed", tone: "bad" };
    case "cancelled":
      return { text: "cancelled", tone: "calm" };
  }
}

function barTone(job: WorkJob): Tone {
  if (job.status === "completed") return "good";
  if (job.status === "failed") return "bad";
  return job.status === "running" && !job.stopping ? "active" : "calm";
}

function completionText({ completion }: WorkJob): string {
  switch (completion?.type) {
    case "Normal":
      return `Normal: ${completion.result}`;
    case "Cancelled":
      return `Cancelled: ${errorText(completion.reason)}`;
    case "Failed":
      return `Failed: ${errorText(completion.error)}`;
    default:
      return "";
  }
}
