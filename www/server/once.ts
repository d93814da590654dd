import { setTimeout as sleep } from "node:timers/promises";
import { Kept } from "./kept.ts";

interface Parcel {
  received: number;
  requests: number;
}

export interface Delivery {
  readonly name: string;
  readonly bytes: number;
  /** Parts that were sent, those sent again among them. */
  readonly requests: number;
}

/** Uploads in parts, under the key that their sender gives: what arrives under one key is one line in the log. */
export class Deliveries {
  readonly #parcels = new Kept<Parcel>();
  readonly #log = new Kept<Delivery>();

  received(key: string): { received: number } {
    return { received: this.#parcels.get(key)?.received ?? 0 };
  }

  /** A part that was here already changes nothing. */
  async part(key: string, name: string, size: number, offset: number, bytes: number): Promise<{ received: number }> {
    const parcel = this.#parcels.get(key) ?? { received: 0, requests: 0 };
    this.#parcels.set(key, parcel);
    await sleep(120);
    parcel.requests += 1;
    if (offset === parcel.received && parcel.received < size) {
      parcel.received += bytes;
      if (parcel.received >= size) this.#log.set(`${key} ${name}`, { name, bytes: size, requests: parcel.requests });
    }
    return { received: parcel.received };
  }

  /** Those whose name begins so. */
  log(beginning: string): readonly Delivery[] {
    return [...this.#log.values()].filter(({ name }) => name.startsWith(beginning));
  }
}

interface Import {
  readonly lines: string[];
  readonly keys: Set<string>;
  requests: number;
}

/** Imports of many parts: a key is good for one line, however often it comes. */
export class Imports {
  readonly #imports = new Kept<Import>();

  async add(id: string, line: string, key: string): Promise<{ lines: number }> {
    const kept = this.#imports.get(id) ?? { lines: [], keys: new Set(), requests: 0 };
    this.#imports.set(id, kept);
    kept.requests += 1;
    if (!kept.keys.has(key)) kept.lines.push(line);
    kept.keys.add(key);
    await sleep(300);
    return { lines: kept.lines.length };
  }

  log(id: string): { lines: readonly string[]; requests: number } {
    const { lines = [], requests = 0 } = this.#imports.get(id) ?? {};
    return { lines, requests };
  }
}
