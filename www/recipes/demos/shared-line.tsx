import type { SharedRecord } from "jobgate/shared";
import { useAnnounced } from "../../shared/announce.tsx";
import { Badge, ProgressBar, type Tone } from "../../shared/components.tsx";

const tones: Record<SharedRecord["status"], Tone> = {
  pending: "calm",
  running: "active",
  completed: "good",
  failed: "bad",
  cancelled: "warn",
};

const waits: Partial<Record<NonNullable<SharedRecord["waiting_for"]>, string>> = {
  online: "waiting for a connection",
  retry: "will be tried again",
  slot: "waiting for its turn",
};

function said({ status, waiting_for, progress, result, error }: SharedRecord): string {
  if (status === "completed") return String(result);
  if (status === "failed") return error?.message ?? "";
  return (waiting_for && waits[waiting_for]) ?? progress.message;
}

/** A job of a shared queue: its status, what it says, and how often another tab had to take it over. */
export function SharedLine({ name, job }: { name: string; job: SharedRecord }) {
  const { status, interruptions, progress, error } = job;
  useAnnounced(`${name}: ${status === "failed" ? `failed. ${error?.message}` : status}`);
  return (
    <div class="job-line" data-testid={name} data-status={status}>
      <p>
        <Badge tone={tones[status]}>{status}</Badge> <span>{said(job)}</span>
        {interruptions > 0 && <span class="muted"> · taken over: {interruptions}</span>}
      </p>
      <ProgressBar label={`Progress: ${name}`} percent={progress.percent} tone={tones[status]} />
    </div>
  );
}
