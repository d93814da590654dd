import { ready } from "./effects.js";
import { checkEngine, engine, failure } from "./engine.js";
import { CHANNEL, ListenerTable, SOURCE } from "./listeners.js";
import { needFunction } from "./options.js";
import type { Subject } from "./types.js";
import { subscribeIn, tellListeners } from "./watching.js";

/** Frees the engine's record of a subject or gate that nobody holds any more. */
export const droppedEmitters = new FinalizationRegistry<number>((emitter) => {
  if (failure === undefined) engine.dropEmitter(emitter);
});

/** A new event emitter. Costs nothing until someone listens. */
export function subject<T>(): Subject<T> {
  ready();
  const table = new ListenerTable();
  let emitter = -1;
  const made: Subject<T> = {
    next(value) {
      if (emitter < 0) checkEngine();
      else if (engine.emit(emitter) > 0) tellListeners(table, value);
    },
    listen(listener) {
      needFunction("listener", listener);
      if (emitter < 0) {
        emitter = engine.createEmitter();
        // The table is what every method of the subject holds, also detached.
        droppedEmitters.register(table, emitter);
      }
      return subscribeIn(table, engine.listen(SOURCE.emitter, emitter, CHANNEL.value), listener);
    },
    get listenerCount() {
      return emitter < 0 ? 0 : engine.listenerCount(emitter);
    },
  };
  return made;
}
