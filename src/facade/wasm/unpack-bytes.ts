// The way back from scripts/pack-bytes.mjs, which says why. The work is done by a small binary of its own.

import code from "../../../build/unpack/code.js";

/** Bytes as text, the 256 of a byte as hex, the most frequent first, and how many bytes it is. */
export interface Packed {
  readonly text: string;
  readonly order: string;
  readonly size: number;
}

const BYTES = 256;
const PAGE = 65_536;

export function unpackBytes({ text, order, size }: Packed): Uint8Array<ArrayBuffer> {
  const module = new WebAssembly.Module(Uint8Array.from(atob(code), (character) => character.charCodeAt(0)));
  const { memory, unpack } = new WebAssembly.Instance(module).exports as {
    memory: WebAssembly.Memory;
    unpack(at: number, end: number, to: number): void;
  };
  const end = BYTES + text.length;
  memory.grow(Math.ceil((end + size) / PAGE));
  const bytes = new Uint8Array(memory.buffer as ArrayBuffer);
  for (let rank = 0; rank < BYTES; rank++) bytes[rank] = Number.parseInt(order.slice(2 * rank, 2 * rank + 2), 16);
  new TextEncoder().encodeInto(text, bytes.subarray(BYTES));
  unpack(BYTES, end, end);
  return bytes.subarray(end, end + size);
}
