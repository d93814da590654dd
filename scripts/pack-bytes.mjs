// Bytes as text that gzip packs as well as the bytes. Base64 spreads a byte over two characters, so that gzip no longer
// sees what repeats: this project's wasm took a third more on the wire. Here a byte is one character, or two if it is
// rare; src/facade/wasm/unpack-bytes.ts is the way back.

/** Characters that stand in a JavaScript string as they are; `!` and `~` are kept for the rare bytes. */
const alphabet = Array.from({ length: 91 }, (_, index) => String.fromCharCode(35 + index)).filter(
  (character) => character !== "\\" && character !== "`",
);

export function packBytes(bytes) {
  const counts = new Map(Array.from({ length: 256 }, (_, byte) => [byte, 0]));
  for (const byte of bytes) counts.set(byte, counts.get(byte) + 1);
  const order = [...counts.keys()].sort((a, b) => counts.get(b) - counts.get(a));
  const codes = [];
  order.forEach((byte, rank) => {
    codes[byte] = ["", "!", "~"][Math.floor(rank / alphabet.length)] + alphabet[rank % alphabet.length];
  });
  return {
    text: Array.from(bytes, (byte) => codes[byte]).join(""),
    order: Buffer.from(order).toString("hex"),
    size: bytes.length,
  };
}
