import { useSyncExternalStore } from "preact/compat";

// Ids may hold anything: what stands behind `#/jobs/` is the id, encoded.
const JOB = "#/jobs/";

export const jobHref = (id: string): string => JOB + encodeURIComponent(id);

function selectedNow(previous: string | undefined): string | undefined {
  const { hash } = location;
  if (hash.startsWith(JOB) && hash.length > JOB.length) {
    try {
      return decodeURIComponent(hash.slice(JOB.length));
    } catch {
      return hash.slice(JOB.length); // no encoding: as it stands
    }
  }
  // Other hashes lead to places on the page, and change nothing of the choice.
  return hash === "" || hash === "#/" ? undefined : previous;
}

let selected = selectedNow(undefined);
const listeners = new Set<() => void>();

addEventListener("hashchange", () => {
  selected = selectedNow(selected);
  for (const listener of [...listeners]) listener();
});

function subscribe(listener: () => void): () => void {
  listeners.add(listener);
  return () => listeners.delete(listener);
}

/** The id in the address, whether there is such a job or not. */
export const useSelectedId = (): string | undefined => useSyncExternalStore(subscribe, () => selected);

export function selectNone(): void {
  location.hash = "#/";
}

export function selectJob(id: string): void {
  location.hash = jobHref(id);
}
