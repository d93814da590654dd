// A stack that overflows amid a call to the engine would leave it half changed. So before a command there has to be room
// for all that it does; where there is none, the caller gets the platform's own error and nothing has changed.

/** Values that one call keeps on the stack, 8 bytes each: 16 KB. */
const VALUES = 2000;
/** How often it calls itself: four times that for a command and all that it causes, once for a question amid it. */
const FOR_COMMAND = 3;
export const FOR_QUESTION = 0;

const leb = (value: number): number[] => (value < 128 ? [value] : [(value & 127) | 128, ...leb(value >>> 7)]);
const sized = (bytes: number[]): number[] => [...leb(bytes.length), ...bytes];

/**
 * `(func $reserve (param i32))`: calls itself with one less until it is given 0. A branch that is never taken holds
 * VALUES numbers over a call, so that the function's frame has room for them; whether a frame fits, platforms check when
 * a function is entered, and it costs nothing that the room is not used.
 */
function bytes(): Uint8Array<ArrayBuffer> {
  const body = [0, 0x20, 0, 0x45, 0x04, 0x40, 0x0f, 0x0b, 0x20, 0, 0x41, 0x7f, 0x46, 0x04, 0x40];
  // Offsets in two bytes each, also those that fit in one: a loop that a cold page is through with soonest.
  for (let at = 0; at < VALUES * 8; at += 8) body.push(0x20, 0, 0x29, 0, (at & 127) | 128, at >>> 7);
  body.push(0x10, 0);
  for (let at = 1; at < VALUES; at++) body.push(0x85);
  body.push(0x24, 0, 0x0b, 0x20, 0, 0x41, 1, 0x6b, 0x10, 1, 0x0b);
  const sections: readonly (readonly [id: number, bytes: number[]])[] = [
    [1, [2, 0x60, 1, 0x7f, 0, 0x60, 0, 0]], // types: (i32) → (), () → ()
    [2, [1, 0, 0, 0, 1]], // imports what the branch would call
    [3, [1, 0]],
    [5, [1, 0, 0]], // a memory without a page
    [6, [1, 0x7e, 1, 0x42, 0, 0x0b]], // a global that the numbers end in
    [7, [1, 1, 0x72, 0, 1]],
    [10, [1, ...sized(body)]],
  ];
  const binary = [0, 0x61, 0x73, 0x6d, 1, 0, 0, 0];
  for (const [id, section] of sections) binary.push(id, ...sized(section));
  return Uint8Array.from(binary);
}

type Reserve = (calls: number) => void;
let reserve: Reserve | undefined;
const imports = { "": { "": () => {} } };

function compile(): Reserve {
  return new WebAssembly.Instance(new WebAssembly.Module(bytes()), imports).exports.r as Reserve;
}

/** For platforms that compile nothing of this size while a page waits. */
export async function prepareStack(): Promise<void> {
  const { instance } = await WebAssembly.instantiate(bytes(), imports);
  reserve = instance.exports.r as Reserve;
}

/** Throws what the platform throws when the stack overflows, while there still is room to go on. */
export function reserveStack(calls = FOR_COMMAND): void {
  reserve ??= compile();
  reserve(calls);
}
