// The way back from scripts/pack-bytes.mjs, which says why.

const FIRST = 35;
const LETTERS = 89;
const RARE = 33;
const RAREST = 126;

/** The bytes behind `text`; `order` is all 256 of them as hex, the most frequent first. */
export function unpackBytes(text: string, order: string, size: number): Uint8Array<ArrayBuffer> {
  const ranked = Uint8Array.from({ length: 256 }, (_, rank) =>
    Number.parseInt(order.slice(2 * rank, 2 * rank + 2), 16),
  );
  const bytes = new Uint8Array(size);
  let length = 0;
  let rank = 0;
  for (let at = 0; at < text.length; at++) {
    const code = text.charCodeAt(at);
    if (code === RARE) rank = LETTERS;
    else if (code === RAREST) rank = 2 * LETTERS;
    else {
      // The alphabet leaves out the backslash and the backtick.
      bytes[length++] = ranked[rank + code - FIRST - (code > 92 ? 1 : 0) - (code > 96 ? 1 : 0)]!;
      rank = 0;
    }
  }
  return bytes;
}
