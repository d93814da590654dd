import { readFile } from "node:fs/promises";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { extname, join } from "node:path";
import type { Site } from "./site.ts";

const types: Record<string, string> = {
  ".html": "text/html; charset=utf-8",
  ".js": "text/javascript",
  ".wasm": "application/wasm",
};

/** Serves a folder's files as they are, with a content security policy. */
export async function serveFolder(folder: string, policy: string): Promise<Site> {
  const server = createServer(async ({ url = "/" }, response) => {
    const { pathname } = new URL(url, "http://localhost");
    const body = await readFile(join(folder, pathname)).catch(() => undefined);
    response.statusCode = body ? 200 : 404;
    response.setHeader("Content-Type", types[extname(pathname)] ?? "text/plain");
    response.setHeader("Content-Security-Policy", policy);
    response.end(body);
  });
  await new Promise<void>((resolve) => server.listen(0, "localhost", resolve));
  return {
    url: `http://localhost:${(server.address() as AddressInfo).port}/`,
    async close() {
      server.closeAllConnections();
      server.close();
    },
  };
}
