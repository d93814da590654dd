import { subscribeIn, tell } from "../job/listen.js";
import { ready } from "../manager/effects.js";
import type { Subject } from "../types.js";
import { checkEngine, command, question } from "../wasm/engine.js";
import { addListener, CHANNEL, keepFor, ListenerTable, SOURCE } from "../wasm/listeners.js";
import { needFunction } from "../wasm/options.js";
import { droppedEmitters } from "./dropped.js";

/** A new event emitter. Costs nothing until someone listens. */
export function subject<T>(): Subject<T> {
  ready();
  const table = new ListenerTable();
  let emitter = -1;
  const made: Subject<T> = {
    next(value) {
      if (emitter < 0) checkEngine();
      else {
        const engine = command();
        const number = keepFor(table, value);
        tell(number, engine.emit(emitter, number) > 0);
      }
    },
    listen(listener) {
      needFunction("listener", listener);
      if (emitter < 0) {
        emitter = command().createEmitter();
        // The table is what every method of the subject holds, also detached.
        droppedEmitters.register(table, emitter);
      }
      return subscribeIn(table, addListener(SOURCE.emitter, emitter, CHANNEL.value), listener);
    },
    get listenerCount() {
      return emitter < 0 ? 0 : question().listenerCount(emitter);
    },
  };
  return made;
}
