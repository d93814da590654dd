import { useEffect, useLayoutEffect, useRef } from "preact/hooks";
import { announce } from "../shared/announce.tsx";
import { Panel } from "../shared/components.tsx";
import { JobCard } from "./JobCard.tsx";
import type { WorkJob } from "./manager.ts";
import { useManager } from "./use-jobs.ts";

/** Newest first. */
export function JobList() {
  const { jobs } = useManager();
  useAnnouncedStatus(jobs);
  const list = useFocusKept();
  const newestFirst = [...jobs].reverse().sort((a, b) => b.createdAt - a.createdAt);
  return (
    <Panel title="Jobs" aside={<span class="muted small">the last 8 that ended stay</span>}>
      {jobs.length === 0 ? (
        <p class="empty">No job yet. Start one and it appears here.</p>
      ) : (
        <ol class="job-list" aria-label="Jobs" ref={list} tabIndex={-1}>
          {newestFirst.map((job) => (
            <JobCard key={job.id} job={job} />
          ))}
        </ol>
      )}
    </Panel>
  );
}

/** A card that is let go of leaves the focus that it held to the list. */
function useFocusKept() {
  const list = useRef<HTMLOListElement>(null);
  const hadFocus = list.current?.contains(document.activeElement) ?? false; // asked while the card still stands
  useLayoutEffect(() => {
    if (hadFocus && !list.current?.contains(document.activeElement)) list.current?.focus();
  });
  return list;
}

/** Says each change of status once. */
function useAnnouncedStatus(jobs: readonly WorkJob[]): void {
  const known = useRef(new Map<string, string>());
  useEffect(() => {
    const now = new Map(jobs.map((job) => [job.id, job.status]));
    for (const job of jobs) {
      if (known.current.get(job.id) !== job.status) announce(`${job.id}, ${job.key}: ${job.status}`, job.id);
    }
    known.current = now;
  }, [jobs]);
}
