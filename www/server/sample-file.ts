import { existsSync, mkdirSync, renameSync, statSync, writeFileSync } from "node:fs";
import { dirname } from "node:path";

export const SAMPLE_BYTES = 24_000_000;

/** Writes the file that the page downloads, the same bytes each time, unless it is there already. */
export function ensureSampleFile(path: string): void {
  if (existsSync(path) && statSync(path).size === SAMPLE_BYTES) return;
  const words = new Uint32Array(SAMPLE_BYTES / 4);
  let word = 0x2545f491;
  for (let at = 0; at < words.length; at += 1) {
    word ^= word << 13;
    word ^= word >>> 17;
    word ^= word << 5;
    words[at] = word;
  }
  mkdirSync(dirname(path), { recursive: true });
  const unfinished = `${path}.${process.pid}`;
  writeFileSync(unfinished, words);
  renameSync(unfinished, path);
}
