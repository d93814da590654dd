import { WorkerPool } from "./dist/worker-pool.js";
class FakeWorker extends EventTarget {
  constructor(answer = () => {}) { super(); this.answer = answer; queueMicrotask(() => this.say({ jobgate: "ready", needsModule: false, lock: "" })); }
  postMessage(o) { this.answer(o, this); }
  say(data) { this.dispatchEvent(new MessageEvent("message", { data })); }
  terminate() {}
}
const echo = ({ jobgate, task, params }, w) => { if (jobgate === "run") w.say({ jobgate: "done", task, result: params }); };
const context = (signal) => ({ id: "1", attempt: 1, signal, progress() {}, log() {} });
for (const n of [1000, 4000, 16000]) {
  const pool = new WorkerPool({ size: 1, spawn: () => new FakeWorker(echo) });
  const { signal } = new AbortController();
  let t = performance.now();
  await Promise.all(Array.from({ length: n }, (_, i) => pool.job("echo", i)(context(signal))));
  console.log("run", n, performance.now() - t);
  const p2 = new WorkerPool({ size: 1, spawn: () => new FakeWorker() });
  const f = p2.job("held");
  const cs = Array.from({ length: n }, () => new AbortController());
  t = performance.now();
  const ends = cs.map((c) => f(context(c.signal)).catch((e) => e));
  console.log("  submitted", performance.now() - t);
  for (let s = 0; s < n / 2; s++) for (const p of [n / 2 - s - 1, n / 2 + s]) cs[p].abort(p);
  console.log("  aborted", performance.now() - t);
  await Promise.all(ends.slice(1));
  console.log("stop", n, performance.now() - t);
}
process.exit(0)
