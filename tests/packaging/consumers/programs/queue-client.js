import { InvalidParamsError, QueueClient } from "jobgate/queue-client";

/** What is at the other end knows nothing of the package: the protocol is all there is. */
async function run() {
  const { port1, port2 } = new MessageChannel();
  const stats = { pending: 0, running: 0, completed: 0, failed: 0, cancelled: 0, total: 0 };
  port2.onmessage = ({ data: { type, request } }) => {
    if (type === "get_state") port2.postMessage({ type: "queue_state", protocol: 2, seq: 0, jobs: [], stats });
    if (type !== "create_job") return;
    const errors = [{ param: "seconds", message: "must be an integer" }];
    port2.postMessage({ type: "error", request, error: "no", code: 400, name: "InvalidParamsError", errors });
  };
  const queue = new QueueClient(port1);
  const error = await queue.createJob("countdown", { seconds: "x" }).catch((error) => error);
  const { connected } = queue.getSnapshot();
  queue.close();
  for (const port of [port1, port2]) port.close();
  return `${connected ? "connected" : "alone"}, ${error instanceof InvalidParamsError ? error.message : error}`;
}

export const outcome = run();
