import { NOTHING, soon, subscribeIn, tell } from "../job/listen.js";
import { ready } from "../manager/effects.js";
import { throwIfAborted } from "../support/abort.js";
import { follow } from "../support/signals.js";
import type { Gate, Unsubscribe } from "../types.js";
import { command, question } from "../wasm/engine.js";
import { addListener, CHANNEL, keepFor, LATCHED, ListenerTable, SOURCE } from "../wasm/listeners.js";
import { needFunction } from "../wasm/options.js";
import { droppedEmitters } from "./dropped.js";
import { Waits } from "./waits.js";

/**
 * A new barrier, closed.
 *
 * @see [Recipe: an upload that waits for a connection](https://github.com/jobgate/jobgate/blob/main/www/recipes/upload.ts)
 */
export function gate(): Gate {
  ready();
  const table = new ListenerTable(undefined, true);
  let waits: Waits | undefined;
  const emitter = command().createEmitter();
  // The table is what every method of the gate holds, also detached.
  droppedEmitters.register(table, emitter);

  function listen(listener: () => void): Unsubscribe {
    needFunction("listener", listener);
    const number = addListener(SOURCE.emitter, emitter, CHANNEL.value);
    return number === LATCHED ? soon(listener) : subscribeIn(table, number, () => listener());
  }

  const made: Gate = {
    get isOpen() {
      return question().isOpen(emitter) === 1;
    },
    open() {
      const engine = command();
      const number = keepFor(table, undefined);
      tell(number, engine.open(emitter, number) > 0);
    },
    listen,
    wait({ signal } = {}) {
      return new Promise((resolve, reject) => {
        throwIfAborted(signal);
        const stopListening = listen(() => {
          leave();
          resolve();
        });
        waits ??= new Waits();
        waits.add(reject);
        let unfollow = NOTHING;
        const leave = () => {
          waits!.delete(reject);
          unfollow();
        };
        const askToStop = (reason: unknown) => {
          leave();
          stopListening();
          reject(reason);
        };
        try {
          if (signal) unfollow = follow(signal, { askToStop });
        } catch (error) {
          askToStop(error);
        }
      });
    },
  };
  return made;
}
