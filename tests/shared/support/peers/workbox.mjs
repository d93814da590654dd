// In the page, as a worker without Background Sync has it: opened, it sends what it keeps. What it asks for there is an object
// to look for `sync` in. The way to a service worker and the browser's registering of a sync for each request are left out.
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
