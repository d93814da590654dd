import { engine, failure } from "../wasm/engine.js";

/** Frees the engine's record of a subject or gate that nobody holds any more. */
export const droppedEmitters = new FinalizationRegistry<number>((emitter) => {
  if (failure === undefined) engine.dropEmitter(emitter);
});
