import { useJob } from "jobgate/react";
import { useState } from "preact/hooks";
import { useAnnounced } from "../shared/announce.tsx";
import { Barrier, type StopBarrier } from "../shared/Barrier.tsx";
import { Badge, Button, Panel, ProgressBar, type Tone } from "../shared/components.tsx";
import { errorText } from "../shared/format.ts";
import { jobs, KEY, start, stop } from "./live-job.ts";

const tones: Record<string, Tone> = { running: "active", completed: "good", failed: "bad" };

/** Every line has its place from the start: nothing below is moved by what happens here. */
export function LiveJob() {
  const { status, isActive, progress, state, error } = useJob(jobs, KEY);
  const [answer, setAnswer] = useState("");
  const [barrier, setBarrier] = useState<StopBarrier>();
  const stopping = barrier !== undefined && barrier.openAfter === undefined;
  const now = stopping ? "stopping" : status;
  useAnnounced(`The download: ${error === undefined ? now : `${now}. ${errorText(error)}`}`);
  const press = () => {
    if (!stopping) setBarrier(undefined);
    setAnswer(start().type);
  };
  const tone = stopping ? "warn" : (tones[status] ?? "calm");
  return (
    <Panel title="A live job" aside={<Badge tone={tone}>{stopping ? "stopping…" : status}</Badge>}>
      <div class="live-job" data-testid="live-job">
        <div class="buttons">
          <Button primary onClick={press}>
            {isActive ? "Start it again" : "Start a download"}
          </Button>
          <Button onClick={() => void stop(setBarrier)} disabled={!isActive || stopping}>
            Stop
          </Button>
        </div>
        <p class="small" aria-live="polite">
          {answer === "" ? <span class="muted">A real file, from this page's server.</span> : <code>{answer}</code>}
        </p>
        <ProgressBar label="Progress of the download" percent={progress.percent} tone={tone} />
        <p class="small live-said" data-testid="live-said">
          <span>{error === undefined ? progress.message || "0.0 MB" : errorText(error)}</span>
          <span class="muted">{state?.note}</span>
        </p>
        {barrier ? (
          <Barrier barrier={barrier} />
        ) : (
          <p class="muted small">Stop it on its way: the barrier opens when the server has seen the connection end.</p>
        )}
      </div>
    </Panel>
  );
}
