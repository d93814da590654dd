import { setTimeout as sleep } from "node:timers/promises";

const KEPT_COUNTS = 1000;
const LONGEST_WAIT = 10_000;

/** A service that refuses the first calls under an id and answers the later ones. */
export class FlakyService {
  readonly #calls = new Map<string, number>();

  async call(id: string, failures: number, waitMs: number): Promise<{ status: number; call: number }> {
    const call = (this.#calls.get(id) ?? 0) + 1;
    this.#calls.set(id, call);
    const [oldest] = this.#calls.keys();
    if (this.#calls.size > KEPT_COUNTS && oldest !== undefined) this.#calls.delete(oldest);
    await sleep(Math.min(Math.max(waitMs, 0), LONGEST_WAIT));
    return { status: call > failures ? 200 : 503, call };
  }
}
