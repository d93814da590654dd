/** Finds the memory of the engine. To be imported before the package is: it watches instances being made. */
const memories: WebAssembly.Memory[] = [];
const NativeInstance = WebAssembly.Instance;

WebAssembly.Instance = new Proxy(NativeInstance, {
  construct(target, parameters, newTarget) {
    const instance: WebAssembly.Instance = Reflect.construct(target, parameters, newTarget);
    for (const exported of Object.values(instance.exports)) {
      if (exported instanceof WebAssembly.Memory) memories.push(exported);
    }
    return instance;
  },
});

/** Bytes of wasm memory that the page holds. */
export function wasmBytes(): number {
  if (memories.length === 0) throw new Error("no wasm instance with a memory was made");
  return memories.reduce((sum, { buffer }) => sum + buffer.byteLength, 0);
}
