/** Case 6, shared by its two halves: the bytes that n jobs hold, after garbage collection. */
import { settleHeap, wasmBytes } from "./memory.mjs";

/** bottleneck needs milliseconds to take a job in. */
export const few = (n) => Math.min(500, Math.floor(n / 100));

/** Linear memory never shrinks: what is there beyond the start is what the most jobs so far needed. */
const wasmAtStart = wasmBytes();

export const units = { total: "bytes per job", JavaScript: "bytes per job", wasm: "bytes per job" };

export const pace = (quick) => ({ rounds: quick ? [1, 1] : [3, 5], budget: quick ? 1 : 20_000 });

export async function sample(make, variant) {
  const trial = make(variant);
  const before = await settleHeap();
  await trial.run();
  const after = await settleHeap();
  trial.check();
  const { n = variant.n, usesWasm } = trial;
  const JavaScript = (after - before) / n;
  const wasm = usesWasm ? (wasmBytes() - wasmAtStart) / n : 0;
  await trial.end?.();
  return { total: JavaScript + wasm, JavaScript, wasm };
}
