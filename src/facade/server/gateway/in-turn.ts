/** So many at a time, in the order in which they come: what waits in Redis waits with a time that runs out. */
export class InTurn {
  private free: number;
  private readonly waiting: (() => void)[] = [];
  private next = 0;

  constructor(most: number) {
    this.free = most;
  }

  async run<T>(work: () => Promise<T>): Promise<T> {
    if (this.free > 0) this.free -= 1;
    else await new Promise<void>((resolve) => this.waiting.push(resolve));
    try {
      return await work();
    } finally {
      this.leave();
    }
  }

  private leave(): void {
    const first = this.waiting[this.next];
    if (first === undefined) {
      this.waiting.length = 0;
      this.next = 0;
      this.free += 1;
      return;
    }
    this.next += 1;
    if (this.next * 2 > this.waiting.length) {
      this.waiting.splice(0, this.next);
      this.next = 0;
    }
    first();
  }
}
