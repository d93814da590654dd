// What is asked for in one go is one transaction; what is asked for while that is written is the next.

import { fieldOf } from "../support/look.js";
import type { Created, Draft } from "./requests.js";

interface Asked {
  readonly draft: Draft;
  resolve(created: Created): void;
  reject(error: unknown): void;
}

/** Nothing was written then, and it may be due to one of them alone. */
const MAY_BE_ONES: readonly unknown[] = ["E_QUOTA", "E_NOT_STORABLE", "E_STORAGE_UNAVAILABLE"];

/** Of one transaction: the page has its turn in between. */
const MOST = 500;

export class Batch {
  private asked: Asked[] = [];
  private isWriting = false;
  private readonly write: (drafts: Draft[]) => Promise<readonly (Created | Error)[]>;

  /** `write` answers for each draft, in their order. */
  constructor(write: (drafts: Draft[]) => Promise<readonly (Created | Error)[]>) {
    this.write = write;
  }

  add(draft: Draft): Promise<Created> {
    return new Promise((resolve, reject) => {
      this.asked.push({ draft, resolve, reject });
      if (this.isWriting) return;
      this.isWriting = true;
      queueMicrotask(() => void this.flush());
    });
  }

  private async flush(): Promise<void> {
    for (let all = this.asked; all.length > 0; all = this.asked) {
      this.asked = [];
      const parts = Array.from({ length: Math.ceil(all.length / MOST) }, (_, part) => part * MOST);
      await Promise.all(parts.map((at) => this.flushOne(all.slice(at, at + MOST))));
    }
    this.isWriting = false;
  }

  private async flushOne(asked: readonly Asked[]): Promise<void> {
    try {
      const created = await this.write(asked.map(({ draft }) => draft));
      for (const [index, { resolve, reject }] of asked.entries()) {
        const one = created[index]!;
        if ("job" in one) resolve(one);
        else reject(one);
      }
    } catch (error) {
      if (asked.length > 1 && MAY_BE_ONES.includes(fieldOf(error, "code"))) {
        for (const one of asked) await this.flushOne([one]);
      } else for (const { reject } of asked) reject(error);
    }
  }
}
