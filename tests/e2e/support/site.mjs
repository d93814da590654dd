import { join } from "node:path";
import { build, preview } from "vite";
import { buildDocs } from "../../../scripts/docs.mjs";

const options = { configFile: join(import.meta.dirname, "../../../www/vite.config.ts"), logLevel: "warn" };

/** Builds the documentation and the demo pages: once for all tests, before the first of them. */
export default async function buildSite() {
  buildDocs();
  await build(options);
}

/** Serves the built pages the way `npm start` does, on a free port. */
export async function startSite() {
  const server = await preview({ ...options, preview: { host: "127.0.0.1", port: 0 } });
  const { port } = server.httpServer.address();
  return { address: `http://127.0.0.1:${port}`, close: () => server.close() };
}
