// The way back from scripts/pack-bytes.mjs, which says why. The work is done by a small binary of its own.

import unpacking from "../../../build/unpack/code.js";

/** Bytes as text, and how many they are. */
export interface Packed {
  readonly text: string;
  readonly size: number;
}

const BYTES = 256;
const PAGE = 65_536;

export function unpackBytes({ text, size }: Packed): Uint8Array<ArrayBuffer> {
  const module = new WebAssembly.Module(Uint8Array.from(atob(unpacking.code), (character) => character.charCodeAt(0)));
  const { memory, unpack } = new WebAssembly.Instance(module).exports as {
    memory: WebAssembly.Memory;
    unpack(at: number, end: number, to: number): void;
  };
  const end = BYTES + text.length;
  memory.grow(Math.ceil((end + size) / PAGE));
  const bytes = new Uint8Array(memory.buffer as ArrayBuffer);
  let rank = 0;
  for (const rare of "012") {
    for (let byte = 0; byte < BYTES; byte++) if (unpacking.rareness[byte] === rare) bytes[rank++] = byte;
  }
  new TextEncoder().encodeInto(text, bytes.subarray(BYTES));
  unpack(BYTES, end, end);
  return bytes.subarray(end, end + size);
}
