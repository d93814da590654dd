// A turn of the event loop: a MessageChannel hop, which no browser throttles and no nesting delays.

declare const setImmediate: ((callback: () => void) => void) | undefined;

const waiting: (() => void)[] = [];
let channel: MessageChannel | undefined;

/** Resolves in a later task, after input, painting and timers had their chance. */
export function takeTurn(): Promise<void> {
  return new Promise((resolve) => {
    // Node's event loop has it, and an open MessagePort would keep the process alive.
    if (typeof setImmediate === "function") {
      setImmediate(resolve);
      return;
    }
    waiting.push(resolve);
    if (channel === undefined) {
      channel = new MessageChannel();
      channel.port1.onmessage = () => waiting.shift()?.();
    }
    channel.port2.postMessage(undefined);
  });
}
