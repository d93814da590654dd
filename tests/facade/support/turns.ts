/** One turn of the event loop: every microtask queued so far has run when it resolves. Not a timer, so a fake clock does not hold it. */
export function turn(): Promise<void> {
  return new Promise((resolve) => {
    const { port1, port2 } = new MessageChannel();
    port1.onmessage = () => {
      port1.close();
      resolve();
    };
    port2.postMessage(null);
  });
}

/** Resolves after the microtasks that are queued already. */
export function microtask(): Promise<void> {
  return Promise.resolve();
}
