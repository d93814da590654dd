/** Bytes of params. */
const MOST_BYTES = 16_000_000;

/** What came over one port and is pending: nobody fills the queue for all. */
export class Quota {
  /** Bytes of params of each, by id. */
  private readonly pending = new Map<string, number>();
  private bytes = 0;
  private readonly most: number;

  constructor(most: number) {
    this.most = most;
  }

  /** In words, why no more can be taken; nothing: one more can. */
  refusal(bytes: number): string | undefined {
    if (this.pending.size >= this.most) return `${this.most} jobs of this port are pending`;
    if (this.bytes + bytes > MOST_BYTES) return `jobs of this port with ${this.bytes} bytes of params are pending`;
    return undefined;
  }

  add(id: string, bytes: number): void {
    this.leave(id);
    this.pending.set(id, bytes);
    this.bytes += bytes;
  }

  /** It is pending no more. */
  leave(id: string): void {
    this.bytes -= this.pending.get(id) ?? 0;
    this.pending.delete(id);
  }
}
