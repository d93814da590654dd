import { useEffect, useState } from "preact/hooks";
import "./barrier.css";
import { duration } from "./format.ts";

/** One stop of one job, timed with `performance.now()`. */
export interface StopBarrier {
  readonly askedAt: number;
  /** Milliseconds from asking to the opening of the barrier; undefined while it is shut. */
  readonly openAfter: number | undefined;
}

/** Asked, then open: two lamps and how long it took from one to the other. */
export function Barrier({ barrier }: { barrier: StopBarrier | undefined }) {
  if (!barrier) return null;
  const open = barrier.openAfter !== undefined;
  return (
    <p class="barrier" data-open={open} data-testid="barrier">
      <span class="lamp" data-lit="true">
        Stop asked
      </span>
      <span class="way" aria-hidden="true" />
      <span class="lamp" data-lit={open}>
        {barrier.openAfter === undefined ? (
          <>
            barrier shut, <Elapsed since={barrier.askedAt} />
          </>
        ) : (
          `barrier open after ${duration(barrier.openAfter)}`
        )}
      </span>
    </p>
  );
}

function Elapsed({ since }: { since: number }) {
  const [now, setNow] = useState(() => performance.now());
  useEffect(() => {
    const timer = setInterval(() => setNow(performance.now()), 100);
    return () => clearInterval(timer);
  }, []);
  return <>{duration(Math.max(0, now - since))}</>;
}
