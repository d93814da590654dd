import { checkObject, needFunction } from "../support/check.js";
import type { ClientMessage, QueuePort, ServerMessage } from "./types.js";

/** One message, as an object where the port takes objects, else as JSON. Throws what the port throws. */
export function post(port: QueuePort, message: ClientMessage | ServerMessage): void {
  if (typeof port.postMessage === "function") port.postMessage(message);
  else port.send?.(JSON.stringify(message));
}

/** Likewise, where a port that throws has nobody who could be told. */
export function tryPost(port: QueuePort, message: ClientMessage | ServerMessage): void {
  try {
    post(port, message);
  } catch {
    // Nobody is there.
  }
}

export function needPort(port: QueuePort): void {
  if (port === undefined) throw new TypeError("port must be an object, got undefined");
  checkObject("port", port);
  needFunction("port.addEventListener", port.addEventListener);
  needFunction("port.removeEventListener", port.removeEventListener);
  needFunction("port.postMessage or port.send", port.postMessage ?? port.send);
}

/** What a port tells: "open" and "close" are a WebSocket's; a MessagePort has "close" where the browser has it. */
export type PortListeners = Readonly<Record<string, (event: { data: unknown }) => void>>;

/** All or none: throws what the port throws. Returns how to leave, which throws nothing. */
export function listenTo(port: QueuePort, listeners: PortListeners): () => void {
  const entries = Object.entries(listeners) as ["message", PortListeners[string]][];
  const leave = () => {
    for (const [type, listener] of entries) {
      try {
        port.removeEventListener(type, listener);
      } catch {
        // A port that can't be left: what it tells is not heard any more.
      }
    }
  };
  try {
    for (const [type, listener] of entries) port.addEventListener(type, listener);
  } catch (error) {
    leave();
    throw error;
  }
  return leave;
}

/** Bytes that a port may hold unsent. */
const HIGH_WATER = 1_000_000;
/** A WebSocket's `readyState`s. */
const CONNECTING = 0;
const CLOSING = 2;

/** Whatever is said now is lost, or refused by the port. */
export function isConnecting({ readyState }: QueuePort): boolean {
  return readyState === CONNECTING;
}

/** Not open yet, or slower than what is sent over it; only WebSockets tell. */
export function isFull({ bufferedAmount = 0, readyState }: QueuePort): boolean {
  return readyState === CONNECTING || bufferedAmount > HIGH_WATER;
}

/** Closing or closed; only WebSockets tell. */
export function isOver({ readyState }: QueuePort): boolean {
  return readyState !== undefined && readyState >= CLOSING;
}
