// Its promises tell of what has been carried out. That a transaction is kept can be seen only at the storage that it is given.
import { createCollection } from "@tanstack/db";
import { IndexedDBAdapter, startOfflineExecutor } from "@tanstack/offline-transactions";
import { contend, send } from "./contend.mjs";

/** Keys are `tx:<id>`. */
class Storage extends IndexedDBAdapter {
  #keeping = new Map();
  removed = 0;
  onRemoved = () => {};

  stored(id) {
    return new Promise((resolve, reject) => this.#keeping.set(`tx:${id}`, { resolve, reject }));
  }

  async set(key, value) {
    const keeping = this.#keeping.get(key);
    this.#keeping.delete(key);
    try {
      await super.set(key, value);
      keeping?.resolve();
    } catch (error) {
      keeping?.reject(error);
      throw error;
    }
  }

  async delete(key) {
    await super.delete(key);
    this.removed++;
    this.onRemoved();
  }
}

const pieces = createCollection({
  id: "pieces",
  getKey: ({ number }) => number,
  startSync: true,
  sync: { sync: ({ markReady }) => markReady() },
});

let storage;
let executor;

contend({
  async open(works) {
    storage = new Storage();
    executor = startOfflineExecutor({
      collections: { pieces },
      mutationFns: { send: ({ transaction }) => send(transaction.mutations[0].modified) },
      storage,
      onlineDetector: { isOnline: () => works, subscribe: () => () => {}, notifyOnline() {}, dispose() {} },
    });
    await executor.waitForInit();
    if (!executor.isOfflineEnabled) throw new Error("Another tab leads: nothing would be kept");
  },
  keep(piece) {
    const transaction = executor.createOfflineTransaction({ mutationFnName: "send", autoCommit: false });
    const stored = storage.stored(transaction.id);
    transaction.mutate(() => pieces.insert(piece));
    // Settles once it has been carried out.
    transaction.commit().catch((error) => console.error(error));
    return stored;
  },
  kept: async () => (await executor.peekOutbox()).length,
  done: (count) =>
    new Promise((resolve) => {
      storage.onRemoved = () => {
        if (storage.removed >= count) resolve();
      };
      storage.onRemoved();
    }),
});
