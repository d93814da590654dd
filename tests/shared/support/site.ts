// A site whose pages are tabs of one queue, and its server, which knows what bodies have done outside.
import { createServer, type IncomingMessage, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";
import { join } from "node:path";
import { build } from "esbuild";
import { packedPackage } from "./packed.mjs";

export interface Entry {
  /** The job's own words for it: "start", "end", the name of a step … */
  readonly what: string;
  readonly id: string;
  readonly epoch: number;
  readonly attempt: number;
  readonly idempotencyKey: string;
  readonly tab: string;
  /** Another each time the tab is loaded. */
  readonly page: string;
  readonly detail?: unknown;
  /** When it was received, by this process's clock. */
  readonly at: number;
}

type Look = (entry: Entry) => boolean;

const PAGE = '<!doctype html><title>Tab</title><script type="module" src="/page.js"></script>';

async function textOf(request: IncomingMessage): Promise<string> {
  let text = "";
  for await (const part of request) text += part;
  return text;
}

export async function startSite() {
  const here = import.meta.dirname;
  const { outputFiles } = await build({
    entryPoints: [join(here, "page.ts")],
    bundle: true,
    format: "esm",
    write: false,
    plugins: [packedPackage()],
    tsconfigRaw: {},
  });
  const script = outputFiles[0]!.text;
  const log: Entry[] = [];
  const waiting = new Set<() => void>();
  const deaths = new Map<string, () => void>();
  const freezes = new Map<string, () => void>();
  const computing = new Map<string, () => boolean>();
  let isDown = false;

  async function answer(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const { pathname, searchParams } = new URL(request.url ?? "/", "http://localhost");
    if (pathname === "/log") {
      const text = await textOf(request);
      if (isDown) {
        request.socket.destroy();
        return;
      }
      log.push({ ...JSON.parse(text), at: performance.now() });
      response.end();
      for (const look of [...waiting]) look();
      return;
    }
    if (pathname === "/never") return;
    if (pathname === "/die") {
      // Never answered: whoever asks does nothing more.
      deaths.get(searchParams.get("tab") ?? "")?.();
      return;
    }
    if (pathname === "/freeze") {
      // Answered to a page that stands still: it goes on when it is thawed.
      freezes.get(searchParams.get("tab") ?? "")?.();
      response.end();
      return;
    }
    if (pathname === "/compute") {
      response.end(computing.get(searchParams.get("tab") ?? "")?.() ? "on" : "");
      return;
    }
    if (pathname === "/clear") response.setHeader("Clear-Site-Data", '"storage"');
    response.setHeader("Content-Type", pathname === "/page.js" ? "text/javascript" : "text/html");
    response.end(pathname === "/page.js" ? script : PAGE);
  }

  const server = createServer((request, response) => {
    answer(request, response).catch((error) => response.destroy(error));
  });
  await new Promise<void>((resolve) => server.listen(0, "localhost", resolve));
  return {
    address: `http://localhost:${(server.address() as AddressInfo).port}`,
    log,
    /** The first entry that is so, once it is there. */
    until(look: Look): Promise<Entry> {
      return new Promise((resolve) => {
        const check = () => {
          const found = log.find(look);
          if (found === undefined) return;
          waiting.delete(check);
          resolve(found);
        };
        waiting.add(check);
        check();
      });
    },
    /** What is done when a tab asks to die. */
    onDeath(tab: string, die: () => void): void {
      deaths.set(tab, die);
    },
    /** What is done when a tab asks to be frozen. */
    onFreeze(tab: string, freeze: () => void): void {
      freezes.set(tab, freeze);
    },
    /** What a tab is told that asks whether to compute on. */
    onCompute(tab: string, goesOn: () => boolean): void {
      computing.set(tab, goesOn);
    },
    /** Takes no more of what bodies send. */
    set isDown(down: boolean) {
      isDown = down;
    },
    close(): void {
      server.closeAllConnections();
      server.close();
    },
  };
}

export type Site = Awaited<ReturnType<typeof startSite>>;
