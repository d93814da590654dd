import { QueueClient } from "jobgate/runner";

const worker = new SharedWorker("/worker.js", { type: "module", name: "runner" });
const client = new QueueClient(worker.port);
globalThis.client = client;

/** Shows one line a job, as text. */
function show() {
  const { jobs, connected, stats } = client.getSnapshot();
  document.body.dataset.connected = String(connected);
  document.body.dataset.total = String(stats.total);
  const lines = jobs.map(({ id, type, status, params }) => {
    const line = document.createElement("li");
    line.dataset.status = status;
    line.textContent = `${id} ${type} ${status} ${JSON.stringify(params)}`;
    return line;
  });
  document.querySelector("ul").replaceChildren(...lines);
}

client.subscribe(show);
show();
