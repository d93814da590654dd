import type { JobEvent } from "jobgate";
import { QueueClient, reconnecting } from "jobgate/queue-client";
import { pageRunner } from "../job-types.ts";
import { type Place, paced } from "./place.ts";

const OF_THE_DEMO = "upload";

/** A queue on servers: jobs outlive every tab, and run on any number of machines. */
export function openServer(address: URL): Place {
  const port = reconnecting(() => new WebSocket(address));
  const queue = new QueueClient(port);
  return {
    name: "server",
    queue: paced(queue),
    ready: Promise.resolve(),
    get storage() {
      return queue.getSnapshot().connected ? "server" : "away";
    },
    capacity: undefined,
    types: pageRunner.getJobTypes().filter(({ name }) => name !== OF_THE_DEMO),
    validate: pageRunner.validateJobParams,
    own: undefined,
    nameOf: (worker) => `worker ${worker}`,
    runnerOf: ({ status, worker_id }) => (status === "running" ? worker_id : undefined),
    runsIn: () => "server",
    begun: ({ attempt, started_at = Date.now(), worker_id: by = "" }) => ({
      by,
      epoch: attempt,
      // A record says when its first attempt began.
      from: attempt === 1 ? started_at : Date.now(),
    }),
    onEvent(listener) {
      const hear = ({ data }: { data: unknown }) => {
        const message = JSON.parse(String(data)) as { type: string };
        if (message.type.startsWith("job_")) listener(message as JobEvent);
      };
      port.addEventListener("message", hear);
      return () => port.removeEventListener("message", hear);
    },
    async close() {
      queue.close();
      port.close();
    },
  };
}
