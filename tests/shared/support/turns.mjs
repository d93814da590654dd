/** The longest time in which the page could do nothing else, and how long all took. */
export async function longestTurn(work) {
  const { port1, port2 } = new MessageChannel();
  const began = performance.now();
  let last = began;
  let longest = 0;
  port1.onmessage = () => {
    const now = performance.now();
    longest = Math.max(longest, now - last);
    last = now;
    port2.postMessage(0);
  };
  port2.postMessage(0);
  await work();
  await new Promise((resolve) => setTimeout(resolve, 50));
  port1.onmessage = null;
  return { longest, took: performance.now() - began - 50 };
}
