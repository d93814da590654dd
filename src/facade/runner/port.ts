import { checkObject, needFunction } from "../options.js";
import type { ClientMessage, QueuePort, ServerMessage } from "./types.js";

/** One message, as an object where the port takes objects, else as JSON. Throws what the port throws. */
export function post(port: QueuePort, message: ClientMessage | ServerMessage): void {
  if (typeof port.postMessage === "function") port.postMessage(message);
  else port.send?.(JSON.stringify(message));
}

export function needPort(port: QueuePort): void {
  if (port === undefined) throw new TypeError("port must be an object, got undefined");
  checkObject("port", port);
  needFunction("port.addEventListener", port.addEventListener);
  needFunction("port.removeEventListener", port.removeEventListener);
  needFunction("port.postMessage or port.send", port.postMessage ?? port.send);
}

/** Bytes that a port may hold unsent. */
const HIGH_WATER = 1_000_000;
/** A WebSocket's `readyState`s. */
const CONNECTING = 0;
const CLOSING = 2;

/** Not open yet, or slower than what is sent over it; only WebSockets tell. */
export function isFull({ bufferedAmount = 0, readyState }: QueuePort): boolean {
  return readyState === CONNECTING || bufferedAmount > HIGH_WATER;
}

/** Closing or closed; only WebSockets tell. */
export function isOver({ readyState }: QueuePort): boolean {
  return readyState !== undefined && readyState >= CLOSING;
}
