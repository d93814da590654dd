// A stack that overflows amid a call to the engine would leave it half changed. So before a command there has to be room
// for all that it does; where there is none, the caller gets the platform's own error and nothing has changed.

/** Values that one call keeps on the stack, 8 bytes each: 16 KB. */
const VALUES = 2000;
/** How often it calls itself: four times that for a command and all that it causes, once for a question amid it. */
const FOR_COMMAND = 3;
export const FOR_QUESTION = 0;

/** The length, in the three bytes that it has room for. */
const sized = (length: number): number[] => [(length & 127) | 128, ((length >>> 7) & 127) | 128, length >>> 14];

/**
 * `(func $reserve (param i32))`: calls itself with one less until it is given 0. A branch that is never taken holds
 * VALUES numbers over a call, so that the function's frame has room for them; whether a frame fits, platforms check when
 * a function is entered, and it costs nothing that the room is not used. Each number is read from where the one before
 * it says, so that nobody can tell that they are the same. Written with as few steps as can be: a cold page's are slow.
 */
function bytes(): Uint8Array<ArrayBuffer> {
  const begin = [1, 1, 0x7e, 0x20, 0, 0x45, 0x04, 0x40, 0x0f, 0x0b, 0x20, 0, 0x41, 0x7f, 0x46, 0x04, 0x40];
  const number = [0x20, 1, 0xa7, 0x29, 0, 0, 0x22, 1];
  const end = [0x24, 0, 0x0b, 0x20, 0, 0x41, 1, 0x6b, 0x10, 1, 0x0b];
  const length = begin.length + number.length * VALUES + 2 + VALUES - 1 + end.length;
  const start = [
    ...[0, 0x61, 0x73, 0x6d, 1, 0, 0, 0],
    ...[1, 8, 2, 0x60, 1, 0x7f, 0, 0x60, 0, 0], // types: (i32) → (), () → ()
    ...[2, 5, 1, 0, 0, 0, 1], // imports what the branch would call
    ...[3, 2, 1, 0],
    ...[5, 3, 1, 0, 0], // a memory without a page
    ...[6, 6, 1, 0x7e, 1, 0x42, 0, 0x0b], // a global that the numbers end in
    ...[7, 5, 1, 1, 0x72, 0, 1],
    ...[10, ...sized(length + 4), 1, ...sized(length), ...begin],
  ];
  const binary = new Uint8Array(start.length + length - begin.length);
  binary.set(start);
  let at = start.length;
  for (let count = 0; count < VALUES; count++, at += number.length) binary.set(number, at);
  binary.set([0x10, 0], at);
  binary.fill(0x85, at + 2);
  binary.set(end, binary.length - end.length);
  return binary;
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
