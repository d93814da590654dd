// A worker that looks on at a queue: over the port that it is sent.
import { QueueClient } from "jobgate/runner";

addEventListener("message", ({ ports: [port] }) => {
  if (port !== undefined) new QueueClient(port);
});
