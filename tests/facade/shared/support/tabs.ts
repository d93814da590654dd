import { SharedRunner, type SharedRunnerOptions, type SharedTaskContext } from "jobgate/shared";
import { onTestFinished, vi } from "vitest";
import type { TabMessage } from "./tab-worker.js";

/** A queue of this test's own. Each runner of it is as a tab: what they have in common is the store, locks and hints. */
export function queue(shared: SharedRunnerOptions = {}) {
  const name = crypto.randomUUID();
  const runners = new Set<SharedRunner>();
  onTestFinished(async () => {
    for (const runner of runners) await runner.close();
    indexedDB.deleteDatabase(`jobgate:${name}`);
  });
  return {
    name,
    open(options: SharedRunnerOptions = {}): SharedRunner {
      const runner = new SharedRunner({ name, builtins: false, ...shared, ...options });
      runners.add(runner);
      return runner;
    },
  };
}

/** Resolves when it is so; looked at whenever the runner says that something has changed. */
export function until<T>(runner: SharedRunner, look: () => T | undefined | false): Promise<T> {
  return new Promise((resolve) => {
    const check = () => {
      const found = look();
      if (found === undefined || found === false) return;
      leave();
      resolve(found);
    };
    const leave = runner.subscribe(check);
    check();
  });
}

export const ended = (runner: SharedRunner, id: string) =>
  until(runner, () => {
    const record = runner.getJob(id);
    return record?.completed_at === undefined ? undefined : record;
  });

/** A promise, and what settles it. */
export function latch<T = void>() {
  let open!: (value: T) => void;
  const opened = new Promise<T>((resolve) => {
    open = resolve;
  });
  return { open, opened };
}

/** What a request of IndexedDB answers. */
export const opened = <T>(request: IDBRequest<T>) =>
  new Promise<T>((resolve, reject) => {
    request.onsuccess = () => resolve(request.result);
    request.onerror = () => reject(request.error);
  });

/** A runner whose own connection can be made to take nothing, as if its tab hung; others of the page have theirs. */
export async function hangingTab(open: () => SharedRunner) {
  const databases: IDBDatabase[] = [];
  const { open: openDatabase } = IDBFactory.prototype;
  const opening = vi.spyOn(IDBFactory.prototype, "open").mockImplementation(function (this: IDBFactory, ...given) {
    const request = openDatabase.apply(this, given);
    request.addEventListener("success", () => databases.push(request.result));
    return request;
  });
  const tab = open();
  await tab.ready;
  opening.mockRestore();
  const [database] = databases as [IDBDatabase];
  const hang = () => {
    database.transaction = () => {
      throw new DOMException("hung", "InvalidStateError");
    };
  };
  // Its own was put before the prototype's.
  const wake = () => Reflect.deleteProperty(database, "transaction");
  return { tab, hang, wake };
}

/** Nothing is written in the store, and nothing read that is asked for from now on, until the test lets it go on. */
export async function holdStore(name: string) {
  const database = await opened(indexedDB.open(`jobgate:${name}`));
  const transaction = database.transaction([...database.objectStoreNames], "readwrite");
  const meta = transaction.objectStore("meta");
  let isHeld = true;
  const held = new Promise<void>((resolve) => {
    const again = () => {
      resolve();
      if (isHeld) meta.get("meta").onsuccess = again;
    };
    meta.get("meta").onsuccess = again;
  });
  const goOn = () => {
    isHeld = false;
    database.close();
  };
  onTestFinished(goOn);
  await held;
  return { goOn };
}

/** Whatever waits for nothing but what is there already has gone on. */
export const settle = () => new Promise<void>((resolve) => setTimeout(resolve));

/** Locks of the queue that are held or waited for. */
export async function locksOf(name: string): Promise<(string | undefined)[]> {
  const { held = [], pending = [] } = await navigator.locks.query();
  return [...held, ...pending].map((lock) => lock.name).filter((lock) => lock?.includes(name));
}

/** Holds up whatever gives the page a turn in between, until the test lets it go on. */
export function holdTurns() {
  const post = MessagePort.prototype.postMessage;
  const held: (() => void)[] = [];
  let isHeld = true;
  const goOn = () => {
    isHeld = false;
    for (const go of held.splice(0)) go();
  };
  const spy = vi.spyOn(MessagePort.prototype, "postMessage").mockImplementation(function (this: MessagePort, data) {
    const go = () => post.call(this, data);
    if (!isHeld) return go();
    held.push(go);
  });
  onTestFinished(() => {
    goOn();
    spy.mockRestore();
  });
  return { goOn };
}

/** Has looks at the store fail, but for those of tabs that hold a lock, until the test lets them go on. */
export function holdLooks() {
  const { transaction } = IDBDatabase.prototype;
  const spy = vi.spyOn(IDBDatabase.prototype, "transaction").mockImplementation(function (this: IDBDatabase, ...given) {
    if (given[1] === "readonly") throw new DOMException("not now", "InvalidStateError");
    return transaction.apply(this, given);
  });
  const goOn = () => spy.mockRestore();
  onTestFinished(goOn);
  return { goOn };
}

/**
 * A page of its own, which runs jobs of the type "wait" for as long as it is there. Of what it writes on its way out the
 * store takes its marks and nothing else.
 */
export async function frameTab(name: string): Promise<HTMLIFrameElement> {
  const frame = document.createElement("iframe");
  const packed = new URL("../../../.packed/node_modules/jobgate/dist/shared.js", import.meta.url).href;
  const opened = new Promise<unknown>((resolve) => {
    window.addEventListener("message", ({ data, source }) => {
      if (source === frame.contentWindow) resolve(data);
    });
  });
  frame.srcdoc = `
    <script>
      addEventListener("pagehide", () => {
        const { transaction } = IDBDatabase.prototype;
        IDBDatabase.prototype.transaction = function (stores, ...how) {
          if (stores !== "left") throw new DOMException("The page is gone", "InvalidStateError");
          return transaction.call(this, stores, ...how);
        };
      });
    </script>
    <script type="module">
      const open = async () => {
        const { SharedRunner } = await import(${JSON.stringify(packed)});
        const types = [{ name: "wait", description: "", params: [], execute: () => new Promise(() => {}) }];
        const runner = new SharedRunner({ name: ${JSON.stringify(name)}, builtins: false, types });
        await runner.ready;
        return runner.storage;
      };
      parent.postMessage(await open().catch(String), "*");
    </script>`;
  document.body.append(frame);
  onTestFinished(() => frame.remove());
  const storage = await opened;
  if (storage !== "disk") throw new Error(`The page has no store: ${storage}`);
  return frame;
}

/** A tab in a worker of its own, which can be killed and can hang. */
export async function workerTab(options: SharedRunnerOptions) {
  const worker = new Worker(new URL("./tab-worker.ts", import.meta.url), { type: "module" });
  onTestFinished(() => worker.terminate());
  const heard: TabMessage[] = [];
  let wake = () => {};
  worker.onmessage = ({ data }) => {
    heard.push(data);
    wake();
  };
  const hears = async (said: TabMessage["said"]): Promise<TabMessage> => {
    for (;;) {
      const at = heard.findIndex((message) => message.said === said);
      if (at >= 0) return heard.splice(at, 1)[0]!;
      await new Promise<void>((resolve) => {
        wake = resolve;
      });
    }
  };
  worker.postMessage({ options });
  await hears("ready");
  return {
    hears,
    kill: () => worker.terminate(),
    hang: (millis: number) => worker.postMessage({ hang: millis }),
  };
}

/** A body that, once let go on, says a state and returns: what it has said is still to be written when it ends. */
export function speakingLast(result: string) {
  const [begun, go] = [latch(), latch()];
  let calls = 0;
  const body = async (_: unknown, { setState }: SharedTaskContext) => {
    calls++;
    begun.open();
    await go.opened;
    setState("all");
    return result;
  };
  return { body, begun: begun.opened, go: go.open, calls: () => calls };
}
