import { useJobs } from "jobgate/react";
import { useEffect, useReducer } from "preact/hooks";
import { manager, type WorkJob } from "./manager.ts";
import { registrations } from "./registrations.ts";
import { stopBarriers } from "./stop-barriers.ts";

/** All jobs that the manager shows, and its statistics. */
export const useManager = () => useJobs(manager);

/** Draws the component again when anything a card shows of the job changes, at most once a frame. */
export function useJob(job: WorkJob): void {
  const [, redraw] = useReducer((drawn: number) => drawn + 1, 0);
  const { signal } = job; // an attempt may have one of its own
  useEffect(() => {
    let frame = 0;
    const changed = () => {
      if (frame !== 0) return;
      frame = requestAnimationFrame(() => {
        frame = 0;
        redraw(undefined);
      });
    };
    const unsubscribe = [
      job.onStateChange(changed),
      job.onProgress(changed),
      job.onStopped(changed),
      stopBarriers.onChange(job, changed),
      registrations.onChange(job, changed),
    ];
    signal.addEventListener("abort", changed);
    changed(); // what happened between drawing and listening
    return () => {
      for (const off of unsubscribe) off();
      signal.removeEventListener("abort", changed);
      cancelAnimationFrame(frame);
    };
  }, [job, signal]);
}
