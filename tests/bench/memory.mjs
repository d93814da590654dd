/** Bytes in use, in Node and in Chromium. Import this before anything that instantiates WebAssembly: it keeps hold of the memories. */
const memories = new Set();

function keep(instance) {
  for (const value of Object.values(instance.exports)) if (value instanceof WebAssembly.Memory) memories.add(value);
  return instance;
}

WebAssembly.Instance = new Proxy(WebAssembly.Instance, {
  construct: (target, args, newTarget) => keep(Reflect.construct(target, args, newTarget)),
});

for (const name of ["instantiate", "instantiateStreaming"]) {
  const original = WebAssembly[name];
  WebAssembly[name] = async (...args) => {
    const made = await original.apply(WebAssembly, args);
    keep(made.instance ?? made);
    return made;
  };
}

export const wasmBytes = () => Array.from(memories).reduce((sum, memory) => sum + memory.buffer.byteLength, 0);

export const heapBytes = () =>
  globalThis.performance.memory?.usedJSHeapSize ?? globalThis.process.memoryUsage().heapUsed;

/** Collects garbage until the heap no longer shrinks: finalizers and weak references need more than one pass. */
export async function settleHeap() {
  for (let last = Number.POSITIVE_INFINITY; ; ) {
    globalThis.gc();
    await new Promise((resolve) => setTimeout(resolve, 0));
    globalThis.gc();
    const bytes = heapBytes();
    if (bytes > last - 4096) return bytes;
    last = bytes;
  }
}
