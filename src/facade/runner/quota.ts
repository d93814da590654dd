/** Bytes of params. */
const MOST_BYTES = 16_000_000;

/** What came over one port and is pending, for the first time or between two attempts: nobody fills the queue for all. */
export class Quota {
  /** Bytes of params of each that has not ended, by id. */
  private readonly jobs = new Map<string, number>();
  private readonly pending = new Set<string>();
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

  /** A job of this port's, which may run already. */
  add(id: string, bytes: number, isPending: boolean): void {
    this.leave(id);
    this.jobs.set(id, bytes);
    if (isPending) this.wait(id);
  }

  /** It is pending, again if it has run. */
  wait(id: string): void {
    const bytes = this.jobs.get(id);
    if (bytes === undefined || this.pending.has(id)) return;
    this.pending.add(id);
    this.bytes += bytes;
  }

  /** It is pending no more, for now. */
  start(id: string): void {
    if (this.pending.delete(id)) this.bytes -= this.jobs.get(id)!;
  }

  /** It has ended. */
  leave(id: string): void {
    this.start(id);
    this.jobs.delete(id);
  }
}
