import { abortReason, throwIfAborted } from "./abort.js";
import { ready } from "./effects.js";
import { engine, whenEngineFails } from "./engine.js";
import { CHANNEL, LATCHED, ListenerTable, SOURCE } from "./listeners.js";
import { needFunction } from "./options.js";
import { droppedEmitters } from "./subject.js";
import type { Gate, Unsubscribe } from "./types.js";
import { soon, subscribeIn, tellListeners } from "./watching.js";

/** Rejections of the waits that are under way. */
const waits = new Set<(error: unknown) => void>();
whenEngineFails((error) => {
  for (const reject of waits) reject(error);
  waits.clear();
});

/**
 * A new barrier, closed.
 *
 * @see [Recipe: an upload that waits for a connection](https://github.com/jobgate/jobgate/blob/main/www/recipes/upload.ts)
 */
export function gate(): Gate {
  ready();
  const table = new ListenerTable(true);
  const emitter = engine.createEmitter();
  // The table is what every method of the gate holds, also detached.
  droppedEmitters.register(table, emitter);

  function listen(listener: () => void): Unsubscribe {
    needFunction("listener", listener);
    const number = engine.listen(SOURCE.emitter, emitter, CHANNEL.value);
    return number === LATCHED ? soon(listener) : subscribeIn(table, number, () => listener());
  }

  const made: Gate = {
    get isOpen() {
      return engine.isOpen(emitter);
    },
    open() {
      if (engine.open(emitter) > 0) tellListeners(table, undefined);
    },
    listen,
    wait({ signal } = {}) {
      return new Promise((resolve, reject) => {
        throwIfAborted(signal);
        waits.add(reject);
        const done = () => {
          waits.delete(reject);
          signal?.removeEventListener("abort", onAbort);
        };
        const stopListening = listen(() => {
          done();
          resolve();
        });
        function onAbort() {
          done();
          stopListening();
          reject(abortReason(signal!));
        }
        signal?.addEventListener("abort", onAbort);
      });
    },
  };
  return made;
}
