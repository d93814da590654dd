import type { UseJob } from "jobgate/react";
import { Badge, ProgressBar, type Tone } from "../../shared/components.tsx";
import { errorText } from "../../shared/format.ts";

const tones: Record<UseJob<unknown, never, unknown>["status"], Tone> = {
  idle: "calm",
  pending: "calm",
  running: "active",
  completed: "good",
  failed: "bad",
  cancelled: "warn",
};

/** A job in two lines: its status and what it says, and its bar. */
export function JobLine<S, A, R>(props: { name: string; job: UseJob<S, A, R>; text?: string; bar?: boolean }) {
  const { status, progress, error, result } = props.job;
  const said =
    status === "failed" ? errorText(error) : status === "completed" ? String(result ?? "") : progress.message;
  return (
    <div class="job-line" data-testid={props.name}>
      <p aria-live="polite">
        <Badge tone={tones[status]}>{status}</Badge> <span>{props.text ?? said}</span>
      </p>
      {props.bar && <ProgressBar label={`Progress: ${props.name}`} percent={progress.percent} tone={tones[status]} />}
    </div>
  );
}
