import type { JobRecord } from "jobgate";
import { useEffect, useRef } from "preact/hooks";
import { announce } from "../shared/announce.tsx";
import { isFinished, useQueue } from "./store.ts";

/** Many ends in a row are one sentence. */
const GATHER_MS = 1500;

function sentence(ended: readonly JobRecord[]): string {
  const [only] = ended;
  if (only && ended.length === 1) return `Job ${only.id}, ${only.type}: ${only.status}`;
  const counts = new Map<string, number>();
  for (const { status } of ended) counts.set(status, (counts.get(status) ?? 0) + 1);
  return `Jobs: ${[...counts].map(([status, number]) => `${number} ${status}`).join(", ")}`;
}

/** Says to assistive technology how jobs ended. Those that had ended when the page came are not news. */
export function useAnnouncedEnds(): void {
  const { jobs } = useQueue();
  const before = useRef<ReadonlySet<string>>(new Set());
  const gathered = useRef<JobRecord[]>([]);
  const timer = useRef<ReturnType<typeof setTimeout>>(undefined);
  useEffect(() => {
    const ended = jobs.filter((job) => isFinished(job) && before.current.has(job.id));
    before.current = new Set(jobs.filter((job) => !isFinished(job)).map(({ id }) => id));
    if (ended.length === 0) return;
    gathered.current.push(...ended);
    timer.current ??= setTimeout(() => {
      announce(sentence(gathered.current));
      gathered.current = [];
      timer.current = undefined;
    }, GATHER_MS);
  }, [jobs]);
}
