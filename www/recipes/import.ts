import { type SharedJobType, SharedRunner } from "jobgate/shared";

const importing: SharedJobType<{ id: string; parts: number }, string> = {
  name: "import",
  description: "Asks what there is, sends it part by part, waits, and looks",
  params: [
    { name: "id", type: "string" },
    { name: "parts", type: "integer", min: 1, max: 100 },
  ],
  async execute({ id, parts }, { step, sleep, progress }) {
    for (let part = 1; part <= parts; part += 1) {
      // Done once: after a reload, or in another tab, the name is known, and what it gave is there without a request.
      await step(`part ${part}`, ({ signal, idempotencyKey }) => send(id, part, signal, idempotencyKey), { retry: 3 });
      progress((part / parts) * 90, `part ${part} of ${parts}`);
    }
    progress(90, "the server puts it in order");
    await sleep("put in order", 2000); // what is left of it is waited for again
    return step("look", async ({ signal }) => {
      const { lines } = await (await fetch(`/api/imports/${id}`, { signal })).json();
      return `the server has ${lines.length} parts`;
    });
  },
};

/** A crash after the server's answer and before that is recorded sends a part again: the key tells the server. */
async function send(id: string, part: number, signal: AbortSignal, idempotencyKey: string) {
  const headers = { "Idempotency-Key": idempotencyKey };
  const response = await fetch(`/api/imports/${id}?line=part+${part}`, { method: "POST", headers, signal });
  if (!response.ok) throw new Error(`the server answered ${response.status}`);
  return response.json();
}

export const imports = new SharedRunner({ name: "imports", types: [importing], builtins: false });

/** One import at a time, whichever tab asks. */
export const start = (id: string) => imports.runJob("import", "import", { id, parts: 12 });

export const stop = () => imports.stopJob("import", "stopped by the visitor");
