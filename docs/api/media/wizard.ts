import { JobManager } from "jobgate";

const steps = new JobManager<string>();

/** A step that leaves something behind on the server unless it takes it back. */
export function importContacts(id: string) {
  return steps.runJob("import", async ({ signal, progress }) => {
    const draft = `/api/drafts/${id}`;
    await fetch(draft, { method: "PUT", signal });
    try {
      for (let part = 1; part <= 20; part++) {
        await fetch(`${draft}?part=${part}`, { method: "POST", signal });
        progress(part * 5, `part ${part} of 20`);
      }
    } finally {
      if (signal.aborted) await fetch(draft, { method: "DELETE" }); // without the signal: it is to be sent
    }
  }).job;
}

/** Leave when this resolves: every step has ended by then, and has taken back what it had to. */
export const leave = () => steps.stopAll("left the wizard");
