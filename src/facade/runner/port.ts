import type { ClientMessage, QueuePort, ServerMessage } from "./types.js";

/** One message, as an object where the port takes objects, else as JSON. Throws what the port throws. */
export function post(port: QueuePort, message: ClientMessage | ServerMessage): void {
  if (typeof port.postMessage === "function") port.postMessage(message);
  else port.send?.(JSON.stringify(message));
}
