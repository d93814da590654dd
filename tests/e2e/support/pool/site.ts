import { cpSync, mkdtempSync, realpathSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { build, createServer, type InlineConfig, preview } from "vite";

const ISOLATED = { "Cross-Origin-Opener-Policy": "same-origin", "Cross-Origin-Embedder-Policy": "require-corp" };
const POLICY = { "Content-Security-Policy": "default-src 'self'; script-src 'self' 'wasm-unsafe-eval'; img-src data:" };

/** An app with a pool, as a user's Vite serves it for development, and as built, isolated and not. */
export async function startPoolSite() {
  const folder = realpathSync(mkdtempSync(join(tmpdir(), "jobgate-pool-")));
  cpSync(import.meta.dirname, folder, { recursive: true });
  cpSync(join(import.meta.dirname, "../../../.packed/node_modules"), join(folder, "node_modules"), { recursive: true });
  const config: InlineConfig = {
    root: folder,
    configFile: false,
    logLevel: "warn",
    worker: { format: "es" },
    // Else Vite reloads the page once it has come upon them all.
    optimizeDeps: { include: ["jobgate", "jobgate/worker-pool", "jobgate/worker"] },
    server: { host: "127.0.0.1", port: 0 },
  };
  await build(config);
  const serve = (headers: Record<string, string>) =>
    preview({ ...config, preview: { host: "127.0.0.1", port: 0, headers: { ...POLICY, ...headers } } });
  const [plain, isolated] = [await serve({}), await serve(ISOLATED)];
  const development = await createServer(config);
  await development.listen();
  const addressOf = ({ resolvedUrls }: { resolvedUrls: { local: string[] } | null }) => resolvedUrls?.local[0] ?? "";
  return {
    built: addressOf(plain),
    isolated: addressOf(isolated),
    development: addressOf(development),
    async close() {
      await Promise.all([plain.close(), isolated.close(), development.close()]);
      rmSync(folder, { recursive: true, force: true });
    },
  };
}
