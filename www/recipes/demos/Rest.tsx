import { useState } from "preact/hooks";
import { useAnnounced } from "../../shared/announce.tsx";
import { Badge, Button, ProgressBar, type Tone } from "../../shared/components.tsx";
import { newId } from "../ids.ts";
import { cancel, follow, start } from "../rest.ts";

const tones: Record<string, Tone> = { running: "active", completed: "good", cancelled: "warn", failed: "bad" };

export function Rest() {
  const [id, setId] = useState("");
  const [status, setStatus] = useState("idle");
  const [progress, setProgress] = useState({ percent: 0, message: "" });
  useAnnounced(`countdown: ${status}`);
  const press = async () => {
    const next = newId("countdown");
    setId(next);
    await start(3, next);
    for await (const { event, data } of follow(next)) {
      if (event === "progress") setProgress(data);
      else setStatus(data.status);
    }
  };
  const isActive = status === "running" || status === "pending";
  return (
    <>
      <div class="buttons">
        <Button primary onClick={() => void press()} disabled={isActive}>
          POST a countdown
        </Button>
        <Button onClick={() => void cancel(id)} disabled={!isActive}>
          DELETE it
        </Button>
      </div>
      <div class="job-line" data-testid="countdown">
        <p>
          <Badge tone={tones[status] ?? "calm"}>{status}</Badge> <span>{progress.message}</span>
        </p>
        <ProgressBar label="Progress: countdown" percent={progress.percent} tone={tones[status] ?? "calm"} />
      </div>
    </>
  );
}
