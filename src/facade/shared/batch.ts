// What is asked for in one go is one transaction.

import type { Created, Draft } from "./requests.js";

interface Asked {
  readonly draft: Draft;
  resolve(created: Created): void;
  reject(error: unknown): void;
}

export class Batch {
  private asked: Asked[] = [];
  private readonly write: (drafts: Draft[]) => Promise<readonly (Created | Error)[]>;

  /** `write` answers for each draft, in their order. */
  constructor(write: (drafts: Draft[]) => Promise<readonly (Created | Error)[]>) {
    this.write = write;
  }

  add(draft: Draft): Promise<Created> {
    return new Promise((resolve, reject) => {
      this.asked.push({ draft, resolve, reject });
      if (this.asked.length === 1) queueMicrotask(() => void this.flush());
    });
  }

  private async flush(): Promise<void> {
    const asked = this.asked;
    this.asked = [];
    try {
      const created = await this.write(asked.map(({ draft }) => draft));
      for (const [index, { resolve, reject }] of asked.entries()) {
        const one = created[index]!;
        if ("job" in one) resolve(one);
        else reject(one);
      }
    } catch (error) {
      for (const { reject } of asked) reject(error);
    }
  }
}
