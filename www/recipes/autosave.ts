import { JobManager } from "jobgate";

interface Note {
  readonly text: string;
  readonly version: number;
}

export const saves = new JobManager<string, unknown, never, void>();
const unsaved = new Map<string, Note>();
let versions = Date.now();

/** Half a second after the last key. A save on its way is never aborted: the newest text waits for its end. */
export function save(id: string, text: string) {
  unsaved.set(id, { text, version: ++versions });
  const onDuplicate = saves.getRunningJob(id)?.status === "running" ? "queue" : "replace";
  return saves.runJob(id, () => put(id), { delay: 500, onDuplicate, retry: 3 }).job;
}

/** For when the page is hidden or left: sends at once what still waits, in requests that outlive the page. */
export function flush(): void {
  saves.stopPending("sent at once");
  for (const id of unsaved.keys()) saves.add(() => put(id), { retry: 3 });
}

/**
 * What is newest when it is called, so that no retry sends what is old. The server keeps the highest version, whatever
 * arrives last. `keepalive` carries up to 64 KB.
 */
async function put(id: string): Promise<void> {
  const note = unsaved.get(id);
  if (note === undefined) return;
  const address = `/api/notes/${id}?version=${note.version}`;
  const response = await fetch(address, { method: "PUT", body: note.text, keepalive: true });
  if (!response.ok) throw new Error(`the server answered ${response.status}`);
  if (unsaved.get(id) === note) unsaved.delete(id);
}

addEventListener("visibilitychange", () => {
  if (document.visibilityState === "hidden") return flush();
  for (const [id, { text }] of unsaved) save(id, text); // offline meanwhile, for one
});
