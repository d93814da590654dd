// A turn of the event loop: a MessageChannel hop, which no browser throttles and no nesting delays.

declare const setImmediate: ((callback: () => void) => void) | undefined;

/** By the number in their message: messages come in the order they were sent, so nobody has to be kept in order. */
const waiting = new Map<number, () => void>();
let latest = 0;
let channel: MessageChannel | undefined;

function openChannel(): MessageChannel {
  const opened = new MessageChannel();
  opened.port1.onmessage = ({ data }) => {
    waiting.get(data)?.();
    waiting.delete(data);
  };
  return opened;
}

/** Resolves in a later task, after input, painting and timers had their chance. */
export function takeTurn(): Promise<void> {
  return new Promise((resolve) => {
    // Node's event loop has it, and an open MessagePort would keep the process alive.
    if (typeof setImmediate === "function") {
      setImmediate(resolve);
      return;
    }
    // A page of a test's, without a browser.
    if (typeof MessageChannel === "undefined") {
      setTimeout(resolve);
      return;
    }
    waiting.set(++latest, resolve);
    channel ??= openChannel();
    channel.port2.postMessage(latest);
  });
}
