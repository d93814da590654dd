// In the page, as a worker without Background Sync has it: constructed, it sends what it keeps. It looks for `sync` in an
// object that only workers have. The way to the worker, and the browser's registering of a sync for each request, are left
// out. Its store is opened when it is first asked.
globalThis.registration ??= {};
const { Queue } = await import("workbox-background-sync");
const { contend } = await import("./contend.mjs");

let queue;
let replayed;

contend({
  open(works) {
    const onSync = () => {
      replayed = works ? queue.replayRequests() : undefined;
    };
    // It calls `onSync` while it is being constructed.
    queue = new Queue("measured", { onSync: () => void Promise.resolve().then(onSync) });
  },
  keep(piece) {
    const body = JSON.stringify(piece);
    return queue.pushRequest({ request: new Request("sent", { method: "POST", body }) });
  },
  kept: () => queue.size(),
  async done() {
    await Promise.resolve();
    await replayed;
    const left = await queue.size();
    if (left > 0) throw new Error(`${left} are left`);
  },
});
