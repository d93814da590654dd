import type { JobRecord } from "jobgate";
import type { ComponentChildren, RefObject } from "preact";
import { memo } from "preact/compat";
import { useId, useState } from "preact/hooks";
import { announce } from "../../shared/announce.tsx";
import { Badge, Button, ProgressBar } from "../../shared/components.tsx";
import { CallError } from "../connection.ts";
import { RunsIn, useRunsIn } from "../RunsIn.tsx";
import { selectJob, selectNone, useSelectedId } from "../route.ts";
import { barTone, statusOf } from "../status.ts";
import { call, cancelJob, isFinished, useDashboard, useQueue } from "../store.ts";
import { Attempts, Facts } from "./Facts.tsx";
import { Log } from "./Log.tsx";
import { Tree } from "./Tree.tsx";

const PRIORITY_STEP = 10;

/** The job that the address names. `heading` takes the focus when one is opened with the keyboard. */
export function Details(props: { heading: RefObject<HTMLHeadingElement | null>; onLeave: () => void }) {
  const id = useSelectedId();
  const { jobs } = useQueue();
  const job = jobs.find((one) => one.id === id);
  const titleId = useId();
  return (
    <section
      class="panel details-panel"
      aria-labelledby={titleId}
      onKeyDown={(event) => {
        if (event.key === "Escape") props.onLeave();
      }}
    >
      <div class="panel-head">
        <h2 id={titleId} ref={props.heading} tabIndex={-1}>
          {id === undefined ? (
            "Job details"
          ) : (
            <>
              Job <span class="job-id">{id}</span>
            </>
          )}
        </h2>
        {job && <Status job={job} />}
        {id !== undefined && (
          <Button
            label="Close the details"
            onClick={() => {
              selectNone();
              props.onLeave();
            }}
          >
            ×
          </Button>
        )}
      </div>
      {job ? <Job key={job.id} job={job} /> : <NoJob id={id} />}
    </section>
  );
}

function NoJob({ id }: { id: string | undefined }) {
  const phase = useDashboard(({ phase }) => phase);
  const known = useDashboard(({ host }) => host !== undefined);
  if (id === undefined) return <p class="details-empty">Choose a job in the queue to see all of it.</p>;
  if (!known && phase !== "lost") return <p class="details-empty">Waiting for the runner…</p>;
  return (
    <div class="details-empty" data-testid="unknown-job">
      <p>There is no job “{id}” in the queue. It may have been cleared, or the runner was started anew.</p>
      <p>
        <a href="#/">Back to the queue</a>
      </p>
    </div>
  );
}

function Status({ job }: { job: JobRecord }) {
  const stopping = useDashboard(({ stopping }) => stopping.has(job.id));
  const { text, tone } = statusOf(job, stopping);
  return <Badge tone={tone}>{text}</Badge>;
}

const Job = memo(function Job({ job }: { job: JobRecord }) {
  const runsIn = useRunsIn();
  const percent = Math.floor(job.progress.percent);
  return (
    <>
      <div class="job-progress">
        <p class="job-type">
          {job.type}, <RunsIn where={runsIn(job.type)} />
        </p>
        <ProgressBar label={`Progress of job ${job.id}`} percent={job.progress.percent} tone={barTone(job)} />
        <p class="job-line">
          <span class="job-message" title={job.progress.message}>
            {job.progress.message || "–"}
          </span>
          <span class="muted">{percent} %</span>
        </p>
      </div>
      <Actions job={job} />
      <Part title="Timings">
        <Facts job={job} />
      </Part>
      <Part title="Result" aside={<CopyButton job={job} />}>
        <Outcome job={job} />
      </Part>
      <Part title="Params">
        <div class="result" data-testid="params">
          <Tree value={job.params} />
        </div>
      </Part>
      <Part title="Attempts">
        <Attempts job={job} />
      </Part>
      <Part title="Log">
        <Log id={job.id} />
      </Part>
    </>
  );
});

/** As tall before the end as after it. */
function Outcome({ job }: { job: JobRecord }) {
  const { status, result, error } = job;
  return (
    <section
      class={status === "failed" ? "notice outcome" : "result outcome"}
      data-tone="bad"
      // biome-ignore lint/a11y/noNoninteractiveTabindex: a scrolling region has to be reachable by keyboard.
      tabIndex={0}
      aria-label="Result"
    >
      {status === "completed" && (
        <div data-testid="result">
          <Tree value={result} />
        </div>
      )}
      {status === "failed" && (
        <p data-testid="error">
          <strong>{error?.name}</strong> {error?.message}
        </p>
      )}
      {status === "cancelled" && <p class="muted">It was cancelled and has none.</p>}
      {!isFinished(job) && <p class="muted">It has not ended yet.</p>}
    </section>
  );
}

function Part(props: { title: string; aside?: ComponentChildren; children: ComponentChildren }) {
  return (
    <div class="part">
      <div class="panel-head">
        <h3>{props.title}</h3>
        {props.aside}
      </div>
      {props.children}
    </div>
  );
}

/** The same four buttons at any time: one that has nothing to do says so, and keeps the focus it has. */
function Actions({ job }: { job: JobRecord }) {
  const live = useDashboard(({ phase }) => phase === "live");
  const stopping = useDashboard(({ stopping }) => stopping.has(job.id));
  const finished = isFinished(job);
  const retry = async () => {
    try {
      const id = await call("retryJob", job.id);
      selectJob(id);
      announce(`Again as job ${id}`);
    } catch (error) {
      if (!(error instanceof CallError)) throw error;
      announce(error.message);
    }
  };
  const raise = (by: number) => {
    void call("raisePriority", job.id, by).then(
      (priority) => announce(`Priority ${priority}`),
      () => {},
    );
  };
  return (
    <div class="buttons">
      <Button onClick={() => cancelJob(job.id)} disabled={!live || finished || stopping}>
        Cancel
      </Button>
      <Button onClick={() => void retry()} disabled={!live || !finished}>
        Retry
      </Button>
      <fieldset class="stepper">
        <legend class="visually-hidden">Priority</legend>
        <span aria-hidden="true">Priority</span>
        <Button onClick={() => raise(-PRIORITY_STEP)} disabled={!live || finished} label="Priority down">
          ↓
        </Button>
        <output data-testid="priority" aria-label="Priority">
          {job.priority}
        </output>
        <Button onClick={() => raise(PRIORITY_STEP)} disabled={!live || finished} label="Priority up">
          ↑
        </Button>
      </fieldset>
    </div>
  );
}

function CopyButton({ job: { status, result: value } }: { job: JobRecord }) {
  const [copied, setCopied] = useState(false);
  const copy = async () => {
    try {
      await navigator.clipboard.writeText(typeof value === "string" ? value : JSON.stringify(value, null, 2));
      setCopied(true);
      announce("Result copied");
    } catch {
      announce("The browser did not let the page copy");
    }
  };
  return (
    <Button onClick={() => void copy()} disabled={status !== "completed"} label="Copy the result">
      {copied ? "Copied" : "Copy"}
    </Button>
  );
}
