// Bytes as text that gzip packs as well as the bytes. Base64 spreads a byte over two characters, so that gzip no longer
// sees what repeats: this project's wasm took a third more on the wire. Here a byte is one character, or two if it is
// rare; src/facade/wasm/unpack-bytes.ts is the way back.

/** Characters that stand in a JavaScript string as they are; `!` and `~` are kept for the rare bytes. */
const alphabet = Array.from({ length: 91 }, (_, index) => String.fromCharCode(35 + index)).filter(
  (character) => character !== "\\" && character !== "`",
);

/**
 * Of each byte how rare it is in this project's binaries: 0 for the 89 that are most frequent, 1 for the next 89. Counted
 * once, over all of them: a table for each, in the order of its own bytes, took 400 bytes more, and saved 20.
 */
export const rareness = [
  "0000000000000000001101110100011100000122002000000001000000011211",
  "0001000010111110111211121222122000000000000000000000000001220100",
  "0111011101111111021111111122122211111211122211211222121212122121",
  "0222122212221211122212221212122212221222122222221222122212221220",
].join("");

const codes = [];
for (const [rare, prefix] of ["", "!", "~"].entries()) {
  const bytes = [...rareness].flatMap((given, byte) => (given === String(rare) ? [byte] : []));
  bytes.forEach((byte, rank) => {
    codes[byte] = prefix + alphabet[rank];
  });
}

export function packBytes(bytes) {
  return { text: Array.from(bytes, (byte) => codes[byte]).join(""), size: bytes.length };
}
