// "jobgate/slim": the same without the wasm inside. It is `jobgate/jobgate.wasm`, fetched from where the app puts it.

import { loadEngine } from "./wasm/engine.js";
import { prepareStack } from "./wasm/stack.js";

export * from "./api.js";

/**
 * Call once, before anything else of the package: with the wasm's address, its response, its bytes, or a compiled
 * module. Later calls change nothing. Rejects with what fetching or compiling rejects with.
 */
export async function init(
  source: string | URL | Request | Response | BufferSource | WebAssembly.Module,
): Promise<void> {
  await loadEngine(async () => {
    const module = await compile(source);
    await prepareStack();
    return module;
  });
}

async function compile(source: Parameters<typeof init>[0]): Promise<WebAssembly.Module> {
  if (isA<WebAssembly.Module>(source, "WebAssembly.Module")) return source;
  if (isA<ArrayBuffer>(source, "ArrayBuffer") || ArrayBuffer.isView(source)) return WebAssembly.compile(source);
  const response = isA<Response>(source, "Response") ? source : await fetch(source);
  if (!response.ok) throw new Error(`jobgate.wasm: ${response.url} answered ${response.status}`);
  return WebAssembly.compile(await response.arrayBuffer());
}

/** Also of another realm. */
function isA<T>(value: unknown, kind: string): value is T {
  return Object.prototype.toString.call(value) === `[object ${kind}]`;
}
