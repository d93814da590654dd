// Structured clones, also where the platform has no function for it: before Chrome 98, Firefox 94 and Safari 15.4.

export const canClone = () => typeof structuredClone === "function";

let probe: MessagePort | undefined;

/** The value as it is now, where the platform can copy it; else itself. Throws where it can't be sent to another thread. */
export function cloned<T>(value: T): T {
  if (canClone()) return structuredClone(value);
  if (probe === undefined) {
    const { port1, port2 } = new MessageChannel();
    port2.close();
    probe = port1;
  }
  // To nobody, but what can't be sent is refused all the same.
  probe.postMessage(value);
  return value;
}
