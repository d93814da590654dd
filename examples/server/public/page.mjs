import { QueueClient, reconnecting } from "jobgate/queue-client";

const address = `${location.protocol.replace("http", "ws")}//${location.host}`;
const queue = new QueueClient(reconnecting(() => new WebSocket(address)));

function cell(content) {
  const td = document.createElement("td");
  td.append(content);
  return td;
}

function rowOf({ id, type, status, stopping, attempt, progress, worker_id = "", result, error }) {
  const row = document.createElement("tr");
  const bar = Object.assign(document.createElement("progress"), { max: 100, value: progress.percent });
  bar.title = progress.message;
  const button = document.createElement("button");
  const isOver = status !== "pending" && status !== "running";
  button.textContent = isOver ? "Again" : "Cancel";
  button.disabled = stopping === true;
  button.onclick = () => (isOver ? queue.retryJob(id) : queue.cancelJob(id));
  const state = `${stopping ? "stopping" : status}${attempt > 1 ? `, attempt ${attempt}` : ""}`;
  row.append(
    cell(type),
    cell(state),
    cell(bar),
    cell(worker_id),
    cell(error?.message ?? (result === undefined ? "" : JSON.stringify(result))),
    cell(button),
  );
  return row;
}

function draw() {
  const { jobs, connected } = queue.getSnapshot();
  document.getElementById("connected").textContent = connected ? "" : "No server answers; what you ask waits.";
  document.getElementById("jobs").replaceChildren(...jobs.map(rowOf));
}

queue.subscribe(draw);
draw();
for (const button of document.querySelectorAll("[data-type]")) {
  button.onclick = () => queue.createJob(button.dataset.type);
}
document.getElementById("clear").onclick = () => queue.clearCompleted();
