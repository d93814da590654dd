import { JobManager, type ManagedJob } from "jobgate";
import { useEffect, useReducer, useState } from "preact/hooks";
import { Badge, Button } from "../shared/components.tsx";
import { errorText } from "../shared/format.ts";
import { type CompletionAction, type CompletionState, completion } from "./completion.ts";
import source from "./completion.ts?raw";

type Adopted = ManagedJob<string, CompletionState, CompletionAction>;

const completions = new JobManager<string, CompletionState, CompletionAction>({ name: "by hand" });

const tones = { pending: "calm", running: "active", completed: "good", failed: "bad", cancelled: "calm" } as const;

/** A factory that returns a job of its own; the manager gives it a key, a status and a stop barrier. */
export function AdoptedJob() {
  const [job, setJob] = useState<Adopted>();
  const [answer, setAnswer] = useState("");
  const [, redraw] = useReducer((drawn: number) => drawn + 1, 0);

  useEffect(() => {
    if (!job) return;
    const unsubscribe = [job.onStateChange(() => redraw(undefined)), job.onStopped(() => redraw(undefined))];
    return () => {
      for (const off of unsubscribe) off();
    };
  }, [job]);

  const ask = () => {
    const run = completions.runJob("answer", () => completion("/files/answer.txt?id=answer&rate=120"));
    setAnswer(run.type);
    setJob(run.job);
  };
  const state = job?.state;
  // A job of its own ends well or was stopped, as the manager sees it: that it failed is in its state.
  const status = state?.type === "failed" ? "failed" : job?.status;
  const ended = !job || job.completion !== undefined;
  return (
    <div>
      <h3>A factory that returns its own job</h3>
      <div class="buttons">
        <Button onClick={ask}>Ask for the answer</Button>
        <Button onClick={() => job?.dispatch({ type: "capitals" })} disabled={ended}>
          In capitals
        </Button>
        <Button onClick={() => void job?.stop().then(() => redraw(undefined))} disabled={ended}>
          Stop the answer
        </Button>
        {status && <Badge tone={tones[status]}>{status}</Badge>}
      </div>
      <div class="heard answer" data-testid="adopted">
        {answer && <p class="muted">{answer}</p>}
        {state && state.type !== "idle" ? <p>{state.text}</p> : <p class="muted">Its text streams in here.</p>}
        {state?.type === "failed" && (
          <p class="notice" data-tone="bad">
            {errorText(state.error)}
          </p>
        )}
      </div>
      <details open>
        <summary>The whole of it: completion.ts</summary>
        {/* biome-ignore lint/a11y/noNoninteractiveTabindex: a scrolling region has to be reachable by keyboard. */}
        <section class="code" tabIndex={0} aria-label="Source of completion.ts">
          <pre>{source}</pre>
        </section>
      </details>
    </div>
  );
}
