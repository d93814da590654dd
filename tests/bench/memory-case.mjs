/** Case 6, shared by its two halves: the bytes that n jobs hold, after garbage collection. */
import { settleHeap, wasmBytes } from "./memory.mjs";

/** bottleneck needs milliseconds to take a job in. */
export const few = (n) => Math.min(200, Math.floor(n / 100));

/** Linear memory never shrinks: the growth under the first jobs is what jobs need, later ones find the room there. */
const wasmAtStart = wasmBytes();
let wasmGrowth;

export const units = { total: "bytes per job", JavaScript: "bytes per job", wasm: "bytes per job" };

export const pace = (quick) => ({ rounds: quick ? [1, 1] : [1, 2], budget: quick ? 1 : 5000 });

export async function sample(make, variant) {
  const trial = make(variant);
  const before = await settleHeap();
  await trial.run();
  const after = await settleHeap();
  trial.check();
  const { n = variant.n, usesWasm } = trial;
  const JavaScript = (after - before) / n;
  if (usesWasm) wasmGrowth ??= wasmBytes() - wasmAtStart;
  const wasm = usesWasm ? wasmGrowth / n : 0;
  await trial.end?.();
  return { total: JavaScript + wasm, JavaScript, wasm };
}
