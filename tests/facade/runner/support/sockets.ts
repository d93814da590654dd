import type { JobRecord } from "jobgate";
import { QueueClient, reconnecting } from "jobgate/queue-client";
import { onTestFinished } from "vitest";

async function post(path: string, body: object = {}): Promise<unknown> {
  const answer = await fetch(`/socket-site/${path}`, { method: "POST", body: JSON.stringify(body) });
  if (!answer.ok) throw new Error(await answer.text());
  return answer.json();
}

/** A runner on a server of its own; it has the built-in types, "held", and "deaf", which does not end when asked to. */
export async function openServer() {
  const { room, url } = (await post("open")) as { room: number; url: string };
  const ask = (command: string, given: object = {}) => post(String(room), { command, ...given });
  onTestFinished(async () => {
    await ask("close");
  });
  return {
    url,
    ask,
    jobs: () => ask("jobs") as Promise<JobRecord[]>,
    /** Resolves once that many messages of the type have come. */
    hears: (type: string, count = 1) => ask("hears", { type, count }),
  };
}

export function connect(url: string, options?: { min?: number; max?: number; timeout?: number }) {
  const { timeout, ...waits } = options ?? {};
  const sockets: WebSocket[] = [];
  const port = reconnecting(
    () => {
      const socket = new WebSocket(url);
      sockets.push(socket);
      return socket;
    },
    { min: 20, max: 200, ...waits },
  );
  const client = new QueueClient(port, timeout === undefined ? {} : { timeout });
  onTestFinished(() => {
    client.close();
    port.close();
  });
  return { client, port, sockets };
}
