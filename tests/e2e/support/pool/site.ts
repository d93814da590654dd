import { cpSync, mkdirSync, mkdtempSync, readFileSync, realpathSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { build, createServer, type InlineConfig, preview } from "vite";

const ISOLATED = { "Cross-Origin-Opener-Policy": "same-origin", "Cross-Origin-Embedder-Policy": "require-corp" };
const POLICY = "default-src 'self'; script-src 'self' 'wasm-unsafe-eval'; img-src data:";
const SCRIPTS = ["page.js", "worker.js", "spin.js"];

/**
 * An app with a pool: as a user's Vite serves it for development; as built, isolated and not, and where no worker is
 * allowed; and without any bundler.
 */
export async function startPoolSite() {
  const folder = realpathSync(mkdtempSync(join(tmpdir(), "jobgate-pool-")));
  cpSync(import.meta.dirname, folder, { recursive: true });
  const modules = join(import.meta.dirname, "../../../.packed/node_modules");
  cpSync(modules, join(folder, "node_modules"), { recursive: true });
  const broken = "this is no JavaScript";
  mkdirSync(join(folder, "public"));
  writeFileSync(join(folder, "public/broken.js"), broken);
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

  const unbundled = join(folder, "unbundled");
  cpSync(join(modules, "jobgate/dist"), join(unbundled, "jobgate"), { recursive: true });
  cpSync(join(folder, "index.html"), join(unbundled, "index.html"));
  writeFileSync(join(unbundled, "broken.js"), broken);
  for (const script of SCRIPTS) {
    const text = readFileSync(join(folder, script), "utf8");
    // An import map is for pages only, not for their workers.
    const address = (_: string, entry = "/index") => `from "/jobgate${entry}.js"`;
    writeFileSync(join(unbundled, script), text.replace(/from "jobgate(\/[\w-]+)?"/g, address));
  }

  const serve = (headers: Record<string, string>, outDir = "dist") =>
    preview({
      ...config,
      build: { outDir },
      preview: { host: "127.0.0.1", port: 0, headers: { "Content-Security-Policy": POLICY, ...headers } },
    });
  const servers = {
    built: await serve({}),
    isolated: await serve(ISOLATED),
    workerless: await serve({ "Content-Security-Policy": `${POLICY}; worker-src 'none'` }),
    unbundled: await serve({}, "unbundled"),
    trusted: await serve({ "Content-Security-Policy": `${POLICY}; require-trusted-types-for 'script'` }, "unbundled"),
    development: await createServer(config),
  };
  await servers.development.listen();
  const addressOf = (name: keyof typeof servers) => servers[name].resolvedUrls?.local[0] ?? "";
  return {
    addressOf,
    async close() {
      await Promise.all(Object.values(servers).map((server) => server.close()));
      rmSync(folder, { recursive: true, force: true });
    },
  };
}
