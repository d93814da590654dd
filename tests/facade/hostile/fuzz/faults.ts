import { turn } from "../../support/turns.js";

/** Something that had to happen has not. */
export class Fault extends Error {}

/** So many turns of the event loop are waited for, however long they take. */
const TURNS = 100;

/** Resolves once the promise has settled, either way; rejects when it has not after so many milliseconds. */
export async function within(promise: PromiseLike<unknown>, what: string, patience: number): Promise<void> {
  let settled = false;
  const done = () => {
    settled = true;
  };
  promise.then(done, done);
  const began = performance.now();
  for (let turns = 0; !settled; turns += 1) {
    if (turns > TURNS && performance.now() - began > patience) throw new Fault(`${what} does not settle`);
    await (turns < TURNS ? turn() : new Promise((resolve) => setTimeout(resolve, 2)));
  }
}

function textOf(error: unknown): string {
  try {
    const { name, message } = error as Error;
    return `${name}: ${message}`;
  } catch {
    return "";
  }
}

/** What platforms say of a value that can't be used as they were asked to: the value's fault. */
const NATIVE =
  /revoked|primitive|\bconvert|class constructor|proxy|incompatible receiver|BigInt|Symbol|cyclic|circular|could not be cloned|not a function|not callable|is not iterable|Invalid array length/i;

export function isNative(error: unknown): boolean {
  return NATIVE.test(textOf(error));
}

/** What nobody should be shown: the engine has broken, or looked where nothing was. */
const RAW =
  /engine has failed|unreachable|recursive use|RuntimeError|null pointer|Cannot read propert|can't access property|undefined is not|is undefined$|memory access/;

export function isRaw(error: unknown): boolean {
  return RAW.test(textOf(error));
}
