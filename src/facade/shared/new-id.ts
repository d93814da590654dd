const HEX = Array.from({ length: 256 }, (_, byte) => byte.toString(16).padStart(2, "0"));

/** As unlikely to be given twice as a UUID, also where there is no function for those. */
export function newId(): string {
  let id = "";
  for (const byte of crypto.getRandomValues(new Uint8Array(16))) id += HEX[byte];
  return id;
}
