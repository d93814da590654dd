/** Adler-32 of bytes that arrive in pieces. */
export class Adler32 {
  #a = 1;
  #b = 0;

  update(bytes: Uint8Array): void {
    let a = this.#a;
    let b = this.#b;
    for (let start = 0; start < bytes.length; start += 3800) {
      // 3800 additions cannot exceed 32 bits; the remainder is taken once per run.
      const end = Math.min(start + 3800, bytes.length);
      for (let at = start; at < end; at += 1) {
        a += bytes[at] ?? 0;
        b += a;
      }
      a %= 65521;
      b %= 65521;
    }
    this.#a = a;
    this.#b = b;
  }

  /** Eight hexadecimal digits. */
  digest(): string {
    return (this.#b * 65536 + this.#a).toString(16).padStart(8, "0");
  }
}
