import { type IncomingMessage, STATUS_CODES } from "node:http";
import { setTimeout as sleep } from "node:timers/promises";
import { Kept } from "./kept.ts";
import { Deliveries, Imports } from "./once.ts";

export interface Answer {
  readonly status: number;
  readonly headers?: Record<string, string>;
  readonly body: unknown;
}

const ok = (body: unknown): Answer => ({ status: 200, body });
const notFound: Answer = { status: 404, body: { error: "nothing here" } };
const LONGEST_ID = 64;
const LARGEST_PART = 1024 * 1024;
const REPORT_CALLS = 4;

/** What the recipes ask their server. Everything is kept under ids that the page makes up. */
export class Recipes {
  readonly #orders = new Kept<number>();
  readonly #uploads = new Kept<{ received: number; parts: number }>();
  readonly #notes = new Kept<{ text: string; version: number; saves: number }>();
  readonly #reports = new Kept<number>();
  readonly #busy = new Kept<number>();
  readonly #deleted = new Kept<true>();
  readonly #drafts = new Kept<number>();
  readonly #deliveries = new Deliveries();
  readonly #imports = new Imports();

  /** Undefined for an address that is none of the recipes'. */
  async answer(url: URL, request: IncomingMessage): Promise<Answer | undefined> {
    const [, api, kind, id = ""] = url.pathname.split("/");
    if (api !== "api") return undefined;
    const call = `${request.method} ${kind}`;
    const asked = url.searchParams;
    if (id.length > LONGEST_ID) return notFound;
    switch (call) {
      case "GET search":
        return this.#search(asked.get("q") ?? "");
      case "POST orders":
      case "GET orders":
        return this.#order(asked.get("cart") ?? "", request.method === "POST");
      case "GET uploads":
        return ok({ received: this.#uploads.get(id)?.received ?? 0 });
      case "PUT uploads":
        return this.#part(id, Number(asked.get("offset")), (await bytesOf(request)).length);
      case "GET deliveries":
        return ok(id === "" ? this.#deliveries.log(asked.get("of") ?? "") : this.#deliveries.received(id));
      case "PUT deliveries": {
        const [name, size, offset] = [asked.get("name") ?? "", Number(asked.get("size")), Number(asked.get("offset"))];
        return ok(await this.#deliveries.part(id, name, size, offset, (await bytesOf(request)).length));
      }
      case "GET imports":
        return ok(this.#imports.log(id));
      case "POST imports":
        return ok(await this.#imports.add(id, asked.get("line") ?? "", String(request.headers["idempotency-key"])));
      case "PUT notes":
        return this.#save(id, Number(asked.get("version")), (await bytesOf(request)).toString());
      case "GET notes":
        return this.#notes.has(id) ? ok(this.#notes.get(id)) : notFound;
      case "GET reports":
        return this.#report(id);
      case "GET proxy":
        return this.#proxy(asked.get("url") ?? "");
      case "DELETE messages":
        this.#deleted.set(id, true);
        return ok({ deleted: true });
      case "GET messages":
        return ok({ deleted: this.#deleted.has(id) });
      default:
        return kind === "drafts" ? this.#draft(request.method, id) : notFound;
    }
  }

  async #search(text: string): Promise<Answer> {
    await sleep(150);
    const wanted = text.trim().toLowerCase();
    const lines = Object.entries(STATUS_CODES).map(([code, phrase]) => `${code} ${phrase}`);
    return ok(wanted === "" ? [] : lines.filter((line) => line.toLowerCase().includes(wanted)).slice(0, 8));
  }

  async #order(cart: string, place: boolean): Promise<Answer> {
    const number = (this.#orders.get(cart) ?? 0) + (place ? 1 : 0);
    if (place) {
      this.#orders.set(cart, number);
      await sleep(700);
    }
    return ok({ number });
  }

  /** Of each upload the second part is refused once, and later the fourth: one says in how many seconds, one until when. */
  async #part(id: string, offset: number, bytes: number): Promise<Answer> {
    const upload = this.#uploads.get(id) ?? { received: 0, parts: 0 };
    this.#uploads.set(id, upload);
    await sleep(120);
    if (offset !== upload.received) return { status: 409, body: { received: upload.received } };
    upload.parts += 1;
    if (upload.parts === 2) return busy(429, "2");
    if (upload.parts === 5) return busy(503, new Date(Date.now() + 3000).toUTCString());
    upload.received += bytes;
    return ok({ received: upload.received });
  }

  async #save(id: string, version: number, text: string): Promise<Answer> {
    const known = this.#notes.get(id);
    const newer = version > (known?.version ?? 0);
    const saves = (known?.saves ?? 0) + 1;
    this.#notes.set(id, newer || !known ? { text, version, saves } : { ...known, saves });
    await sleep(400);
    return ok({ version });
  }

  #report(id: string): Answer {
    const calls = (this.#reports.get(id) ?? 0) + 1;
    this.#reports.set(id, calls);
    return calls < REPORT_CALLS ? { status: 202, body: "" } : ok(`ready when asked the ${calls}th time`);
  }

  /** Stands for the other hosts: it takes its time, and tells how many requests to that host it saw at once. */
  async #proxy(address: string): Promise<Answer> {
    if (!URL.canParse(address)) return notFound;
    const { host } = new URL(address);
    const atOnce = (this.#busy.get(host) ?? 0) + 1;
    this.#busy.set(host, atOnce);
    await sleep(500);
    this.#busy.set(host, (this.#busy.get(host) ?? 1) - 1);
    return ok(`${host}: ${atOnce} at once`);
  }

  async #draft(method: string | undefined, id: string): Promise<Answer> {
    if (method === "PUT") this.#drafts.set(id, 0);
    if (method === "POST") {
      await sleep(250);
      const parts = this.#drafts.get(id);
      if (parts === undefined) return notFound;
      this.#drafts.set(id, parts + 1);
    }
    if (method === "DELETE") {
      await sleep(400);
      this.#drafts.delete(id);
    }
    return ok({ parts: this.#drafts.get(id) ?? null });
  }
}

const busy = (status: number, retryAfter: string): Answer => ({
  status,
  headers: { "Retry-After": retryAfter },
  body: { error: "busy" },
});

async function bytesOf(request: IncomingMessage): Promise<Buffer> {
  const chunks: Buffer[] = [];
  let bytes = 0;
  for await (const chunk of request) {
    bytes += chunk.length;
    if (bytes > LARGEST_PART) throw new Error(`a part has at most ${LARGEST_PART} bytes`);
    chunks.push(chunk);
  }
  return Buffer.concat(chunks);
}
