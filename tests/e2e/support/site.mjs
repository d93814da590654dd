import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { build, preview } from "vite";

const configFile = join(import.meta.dirname, "../../../www/vite.config.ts");

/**
 * Builds the demo pages into a folder of their own and serves them the way `npm start` does, on a free port.
 * `overrides` is a Vite config to merge in.
 */
export async function startSite(overrides = {}) {
  const outDir = mkdtempSync(join(tmpdir(), "jobgate-site-"));
  const options = { configFile, logLevel: "warn", ...overrides, build: { outDir } };
  await build(options);
  const server = await preview({ ...options, preview: { host: "127.0.0.1", port: 0 } });
  const { port } = server.httpServer.address();
  return {
    address: `http://127.0.0.1:${port}`,
    async close() {
      await server.close();
      rmSync(outDir, { recursive: true, force: true });
    },
  };
}
