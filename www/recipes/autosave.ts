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
  const note = { text, version: ++versions };
  unsaved.set(id, note);
  const onDuplicate = saves.getRunningJob(id)?.status === "running" ? "queue" : "replace";
  return saves.runJob(id, () => put(id, note), { delay: 500, onDuplicate, retry: 3 }).job;
}

/** For when the page is hidden or left: sends at once what still waits, in requests that outlive the page. */
export function flush(): void {
  saves.stopPending("sent at once");
  for (const [id, note] of unsaved) saves.add(() => put(id, note));
}

/** The server keeps the highest version, whatever arrives last. `keepalive` carries up to 64 KB. */
async function put(id: string, note: Note): Promise<void> {
  const address = `/api/notes/${id}?version=${note.version}`;
  const response = await fetch(address, { method: "PUT", body: note.text, keepalive: true });
  if (!response.ok) throw new Error(`the server answered ${response.status}`);
  if (unsaved.get(id) === note) unsaved.delete(id);
}

addEventListener("visibilitychange", () => {
  if (document.visibilityState === "hidden") flush();
});
