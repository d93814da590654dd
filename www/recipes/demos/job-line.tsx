import type { UseJob } from "jobgate/react";
import { useAnnounced } from "../../shared/announce.tsx";
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

/** A job in two lines: its status and what it says, and its bar. Only the status is announced: steps would drown it. */
export function JobLine<S, A, R>(props: { name: string; job: UseJob<S, A, R>; text?: string; bar?: boolean }) {
  const { status, progress, error, result } = props.job;
  const said = props.text ?? (status === "completed" ? String(result ?? "") : progress.message);
  useAnnounced(`${props.name}: ${status === "failed" ? `failed. ${errorText(error)}` : status}`);
  return (
    <div class="job-line" data-testid={props.name}>
      <p>
        <Badge tone={tones[status]}>{status}</Badge> <span>{status === "failed" ? errorText(error) : said}</span>
      </p>
      {props.bar && <ProgressBar label={`Progress: ${props.name}`} percent={progress.percent} tone={tones[status]} />}
    </div>
  );
}
