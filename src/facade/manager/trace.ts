// `trace: true`: a manager's jobs in the browser's Performance panel, and their bodies' async stacks led back to runJob.
// It only listens and wraps: a manager without it has no line of this on its way.

import { idOf } from "../job/events.js";
import type { AnyContext, AnyJob, Told } from "../job/record.js";
import { call } from "../support/async-context.js";
import { textOf } from "../support/look.js";

/** https://developer.chrome.com/docs/devtools/console/api/#createtask: Chromium has it, others do without. */
declare const console: { createTask?(name: string): { run<T>(work: () => T): T } };

/** The panel's names for colours. Attempts take turns. */
const ATTEMPTS = ["primary", "primary-light", "primary-dark"];
const WAITING = "tertiary-light";
const STOPPING = "secondary";
const FAILED = "error";

/** What a job is doing, and since when by the page's clock. */
export interface Phase {
  readonly name: string;
  readonly what: string;
  readonly color: string;
  readonly start: number;
}

export const colorOf = (attempt: number) => ATTEMPTS[(attempt - 1) % ATTEMPTS.length]!;

/** Shows a phase that is over. */
export function showPhase(track: string, job: string, phase: Phase, outcome: string, why?: string): void {
  const label = `${phase.name}: ${phase.what}`;
  const devtools = {
    dataType: "track-entry",
    trackGroup: "jobgate",
    track,
    color: phase.color,
    properties: Object.entries({ job, outcome, ...(why !== undefined && { why }) }),
    tooltipText: `${label}, ${outcome}`,
  };
  performance.measure(label, { start: phase.start, detail: { devtools } });
  // The panel and observers have it by now; left in the page's own list, it would stay for ever. It takes with it what
  // the page itself has measured under the very same name ("upload: attempt 1"): there is no other way to take one out.
  performance.clearMeasures(label);
}

/** What a manager with `trace: true` tells, and lets call its bodies. */
export interface Tracer {
  created(job: AnyJob): void;
  call(job: AnyJob, context: AnyContext): unknown;
  hear(told: Told): void;
}

export function trace(track: string): Tracer {
  /** By the job itself: an id may be another's by the time its events are told. */
  const phases = new WeakMap<AnyJob, Phase>();

  const begin = (job: AnyJob, what: string, color: string) => {
    phases.set(job, { name: job.name, what, color, start: performance.now() });
  };

  /** Shows the phase that is over. */
  const finish = (job: AnyJob, outcome: string, why?: string, color?: string) => {
    const phase = phases.get(job);
    if (phase === undefined) return;
    phases.delete(job);
    showPhase(track, idOf(job), color === undefined ? phase : { ...phase, color }, outcome, why);
  };

  /** From runJob to the first call of the body, where async stacks are to lead back. */
  const tasks = new WeakMap<AnyJob, { run<T>(work: () => T): T }>();

  const created = (job: AnyJob) => {
    // It takes no empty name.
    const task = console.createTask?.(job.name || "job");
    if (task !== undefined) tasks.set(job, task);
  };

  const callBody = (job: AnyJob, context: AnyContext) => {
    const { attempt, signal } = context;
    const factory = job.factory!;
    finish(job, "started");
    begin(job, `attempt ${attempt}`, colorOf(attempt));
    const asked = () => {
      finish(job, "asked to stop", textOf(signal.reason));
      begin(job, "stopping", STOPPING);
    };
    signal.addEventListener("abort", asked, { once: true });
    const task = tasks.get(job);
    return task === undefined ? call(factory, context) : task.run(() => call(factory, context));
  };

  const hear = ({ event, job }: Told) => {
    if (job === undefined) return;
    switch (event.type) {
      case "job_created":
        // One that has started at once is known already.
        if (!phases.has(job)) begin(job, "waiting", WAITING);
        break;
      case "job_retrying":
        finish(job, "retrying", event.error?.message);
        begin(job, "waiting", WAITING);
        break;
      case "job_completed":
        finish(job, "completed");
        break;
      case "job_failed":
        finish(job, "failed", event.error?.message, FAILED);
        break;
      case "job_cancelled":
        finish(job, "cancelled", event.reason, STOPPING);
    }
  };
  return { created, call: callBody, hear };
}
