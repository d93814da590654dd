import { cdp, server } from "vitest/browser";
import { turn } from "./turns.js";

interface DevTools {
  send(method: string): Promise<{ readonly usedSize: number }>;
}

/**
 * Resolves once the browser has collected what was garbage before, pressed by more garbage: so much at a time that it
 * does not collect by and by. Never touched, it takes no memory.
 */
async function collection(): Promise<void> {
  let collected = false;
  const registry = new FinalizationRegistry(() => {
    collected = true;
  });
  registry.register({}, undefined);
  while (!collected) {
    for (let count = 0; count < 4; count += 1) new ArrayBuffer(64 * 1024 * 1024);
    await turn();
  }
}

/**
 * Bytes of JavaScript that are in use after a garbage collection. Only Chromium lets a page's driver ask for both;
 * elsewhere it waits for a collection and is NaN, and `grownBy` answers 0.
 */
export async function usedHeap(): Promise<number> {
  if (server.browser !== "chromium") {
    // The first may have been under way already, and keeps what has become garbage since.
    await collection();
    await collection();
    return Number.NaN;
  }
  const tools = cdp() as unknown as DevTools;
  for (let round = 0; round < 3; round += 1) {
    await tools.send("HeapProfiler.collectGarbage");
    await turn();
  }
  return (await tools.send("Runtime.getHeapUsage")).usedSize;
}

/** Of what is done to fill a heap: where that can't be measured, a tenth shows what else there is to see. */
export const fewer = (count: number): number => (server.browser === "chromium" ? count : count / 10);

export function grownBy(before: number, after: number): number {
  return Number.isNaN(before) ? 0 : after - before;
}
