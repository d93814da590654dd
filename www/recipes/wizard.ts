import { JobManager } from "jobgate";

const steps = new JobManager<string>();

/** A step that leaves something behind on the server unless it takes it back. */
export function importContacts(id: string) {
  return steps.runJob("import", async ({ signal, progress }) => {
    const draft = `/api/drafts/${id}`;
    try {
      await send(draft, { method: "PUT", signal }); // aborted on its way, it may have arrived
      for (let part = 1; part <= 20; part++) {
        await send(`${draft}?part=${part}`, { method: "POST", signal });
        progress(part * 5, `part ${part} of 20`);
      }
    } finally {
      if (signal.aborted) await send(draft, { method: "DELETE" }); // without the signal: it is to be sent
    }
  }).job;
}

async function send(address: string, init: RequestInit): Promise<void> {
  const response = await fetch(address, init);
  if (!response.ok) throw new Error(`the server answered ${response.status}`);
}

/** Leave when this resolves: every step has ended by then, and has taken back what it had to. */
export const leave = () => steps.stopAll("left the wizard");
