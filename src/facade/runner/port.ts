import { checkObject, needFunction } from "../support/check.js";
import type { AnyServerMessage, ClientMessage, QueuePort } from "./types.js";

/** One message, as an object where the port takes objects, else as JSON. Throws what the port throws. */
export function post(port: QueuePort, message: ClientMessage | AnyServerMessage): void {
  if (takesObjects(port)) port.postMessage?.(message);
  else port.send?.(JSON.stringify(message));
}

export function takesObjects(port: QueuePort): boolean {
  return typeof port.postMessage === "function";
}

/** Of the message as JSON, in UTF-8. */
export function bytesOf(message: object): number {
  return new TextEncoder().encode(JSON.stringify(message)).length;
}

/** Likewise, where a port that throws has nobody who could be told. */
export function tryPost(port: QueuePort, message: ClientMessage | AnyServerMessage): void {
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

/**
 * What a port tells: "open" and "close" are a WebSocket's; a MessagePort has "close" where the browser has it. What goes
 * wrong is followed by "close".
 */
export type PortListeners = Readonly<Record<string, (event: { data: unknown }) => void>>;

/**
 * An emitter of Node's of whose error nobody hears ends the process: whoever sends nonsense would end it. So this one is
 * never taken away there, and a port has it once.
 */
const ignoreError = () => {};

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
    if (typeof (port as { on?: unknown }).on === "function") port.addEventListener("error" as "message", ignoreError);
    for (const [type, listener] of entries) port.addEventListener(type, listener);
  } catch (error) {
    leave();
    throw error;
  }
  return leave;
}

/** Ports that have it, of whichever copy of this package, find their way to who listens next. */
export const COMES_BACK = Symbol.for("jobgate port that comes back");

export function comesBack(port: QueuePort): boolean {
  return (port as { readonly [COMES_BACK]?: unknown })[COMES_BACK] === true;
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
