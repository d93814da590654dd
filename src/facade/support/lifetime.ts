// How another thread hears that this page or worker is gone, which browsers tell nobody: by a Web Lock that is free then.

/** This realm's: one for all who are told. */
let own: Promise<string> | undefined;

/** Holds a lock for as long as this realm lives, and says its name; empty where a context has no locks. */
export function holdLock(held: (lock: string) => void): void {
  own ??= hold();
  void own.then(held);
}

function hold(): Promise<string> {
  const lock = `jobgate ${performance.timeOrigin} ${Math.random()}`;
  return new Promise((resolve) => {
    const holding = globalThis.navigator?.locks?.request(lock, () => {
      resolve(lock);
      return new Promise(() => {});
    });
    if (holding === undefined) resolve("");
    // Not allowed in this context.
    holding?.catch(() => resolve(""));
  });
}

/**
 * Calls back when the lock is free: who held it is gone. Not if nobody held it, as far as this origin knows. Resolves
 * when it has called, or will not.
 */
export async function whenFree(lock: string, signal: AbortSignal, free: () => void): Promise<void> {
  try {
    const { locks } = navigator;
    const { held = [] } = await locks.query();
    // Shared: a page that is frozen with its own share keeps nobody else waiting.
    if (held.some(({ name }) => name === lock)) await locks.request(lock, { mode: "shared", signal }, free);
  } catch {
    // No longer waited for, or there are no locks here.
  }
}
