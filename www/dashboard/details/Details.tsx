import type { ComponentChildren, RefObject } from "preact";
import { memo } from "preact/compat";
import { useId, useRef, useState } from "preact/hooks";
import { announce } from "../../shared/announce.tsx";
import { Badge, Button, ProgressBar } from "../../shared/components.tsx";
import type { Job as JobOf } from "../places/place.ts";
import { RunsIn } from "../RunsIn.tsx";
import { selectJob, selectNone, useSelectedId } from "../route.ts";
import { barTone, percentOf, statusOf } from "../status.ts";
import { cancelJob, isFinished, raisePriority, retryJob, useDashboard, useLive, useQueue } from "../store.ts";
import { refusalOf, waitWords } from "../words.ts";
import { Attempts, Facts } from "./Facts.tsx";
import { Log } from "./Log.tsx";
import { Tree } from "./Tree.tsx";

const PRIORITY_STEP = 10;

/** The job that the address names. `heading` takes the focus when one is opened with the keyboard, or by Retry. */
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
      {job ? <Job key={job.id} job={job} heading={props.heading} /> : <NoJob id={id} onLeave={props.onLeave} />}
    </section>
  );
}

function NoJob({ id, onLeave }: { id: string | undefined; onLeave: () => void }) {
  const storage = useDashboard(({ storage }) => storage);
  if (id === undefined) return <p class="details-empty">Choose a job in the queue to see all of it.</p>;
  if (storage === "opening") return <p class="details-empty">Opening the browser's storage…</p>;
  if (storage === "away") return <p class="details-empty">No server answers yet…</p>;
  return (
    <div class="details-empty" data-testid="unknown-job">
      <p>There is no job “{id}” in the queue. It may have been cleared, or the browser has lost it.</p>
      <p>
        {/* biome-ignore lint/a11y/useValidAnchor: it leads to an address; the focus goes along. */}
        <a href="#/" onClick={onLeave}>
          Back to the queue
        </a>
      </p>
    </div>
  );
}

function Status({ job }: { job: JobOf }) {
  const { text, tone } = statusOf(job);
  return <Badge tone={tone}>{text}</Badge>;
}

interface JobProps {
  readonly job: JobOf;
  readonly heading: RefObject<HTMLHeadingElement | null>;
}

const Job = memo(function Job({ job, heading }: JobProps) {
  const percent = percentOf(job);
  return (
    <>
      <div class="job-progress">
        <p class="job-type">
          {job.type}, <RunsIn type={job.type} job={job} />
        </p>
        <ProgressBar label={`Progress of job ${job.id}`} percent={percent} tone={barTone(job)} />
        <p class="job-line">
          <span class="job-message" title={job.progress.message}>
            {saidBy(job)}
          </span>
          <span class="muted">{percent} %</span>
        </p>
      </div>
      <Actions job={job} heading={heading} />
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

/** What it waits for, else what it says. */
const saidBy = ({ waiting_for, progress }: JobOf): string =>
  waiting_for === undefined ? progress.message || "–" : `Waits for ${waitWords[waiting_for]}`;

/** As tall before the end as after it. */
function Outcome({ job }: { job: JobOf }) {
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
function Actions({ job, heading }: JobProps) {
  const live = useLive();
  const storage = useDashboard(({ storage }) => storage);
  const finished = isFinished(job);
  const buttons = useRef<HTMLDivElement>(null);
  const retry = async () => {
    try {
      const id = await retryJob(job.id);
      // The new job has buttons of its own.
      if (buttons.current?.contains(document.activeElement)) heading.current?.focus();
      selectJob(id);
      announce(`Again as job ${id}`);
    } catch (error) {
      announce(refusalOf(error));
    }
  };
  const raise = (by: number) => {
    raisePriority(job.id, by).then(
      (priority) => announce(`Priority ${priority}`),
      (error) => announce(refusalOf(error)),
    );
  };
  return (
    <div class="buttons" ref={buttons}>
      <Button
        onClick={() => void cancelJob(job.id).catch((error) => announce(refusalOf(error)))}
        disabled={storage === "opening" || finished || job.stopping === true}
      >
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

function CopyButton({ job: { status, result: value } }: { job: JobOf }) {
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
    <Button
      onClick={() => void copy()}
      disabled={status !== "completed"}
      label={`${copied ? "Copied" : "Copy"} the result`}
    >
      {copied ? "Copied" : "Copy"}
    </Button>
  );
}
