// One function a bundler: it takes a consumer's folder and the scripts of its pages, writes the app, and serves it.
// What stands here is all the configuration that an app needs.
import { writeFileSync } from "node:fs";
import { createRequire } from "node:module";
import { join } from "node:path";
import { build as esbuild } from "esbuild";
import * as vite from "vite";
import { bundlers } from "./consumer.ts";
import { type Site, serveWritten, strictPolicy, writePage } from "./site.ts";
import { serveFolder } from "./static.ts";

export type Serve = (folder: string, scripts: readonly string[]) => Promise<Site>;

const require = createRequire(join(bundlers, "package.json"));

/** Each page's worker, which has to be written as a file of its own where a bundler does not look for it. */
const workers: Record<string, string> = { "in-worker.js": "worker.js", "pool-spawned.js": "default-worker.js" };

const withoutType = (script: string) => script.replace(/\.\w+$/, "");

const written = (folder: string, scripts: readonly string[], bundler: string) => {
  const out = join(folder, `written-by-${bundler}`);
  return {
    out,
    entries: Object.fromEntries(scripts.map((name) => [withoutType(name), join(folder, name)])),
    workers: Object.fromEntries(
      scripts.flatMap((name) => workers[name] ?? []).map((name) => [withoutType(name), join(folder, name)]),
    ),
    serve() {
      for (const script of scripts) writePage(out, `${withoutType(script)}.js`);
      return serveWritten(folder, out);
    },
  };
};

const viteConfig = (folder: string): vite.InlineConfig => ({
  root: folder,
  configFile: false,
  logLevel: "warn",
  worker: { format: "es" },
  server: { port: 0 },
});

/** Vite takes the pages as entries. */
export const viteBuilt: Serve = async (folder, scripts) => {
  const input = scripts.map((script) => join(folder, writePage(folder, script)));
  const outDir = join(folder, "written-by-vite");
  await vite.build({ ...viteConfig(folder), build: { outDir, rolldownOptions: { input } } });
  return serveWritten(folder, outDir);
};

/** While an app is developed Vite bundles its dependencies beforehand, and serves the app's modules one by one. */
export const viteDevelopment: Serve = async (folder, scripts) => {
  // What a worker imports Vite finds only when the worker first starts, and then loads the page again, not without noise.
  const entries = scripts.flatMap((script) => [
    writePage(folder, script),
    ...(workers[script] ? [workers[script]] : []),
  ]);
  const config = viteConfig(folder);
  const headers = { "Content-Security-Policy": strictPolicy };
  const server = await vite.createServer({
    ...config,
    optimizeDeps: { entries },
    server: { ...config.server, headers },
  });
  await server.listen();
  return { url: server.resolvedUrls?.local[0] ?? "", close: () => server.close() };
};

export const webpackBuilt: Serve = async (folder, scripts) => {
  const { out, entries: entry, serve } = written(folder, scripts, "webpack"); // which finds workers by itself
  const webpack = require("webpack");
  const options = { mode: "production", context: folder, entry, output: { path: out, filename: "[name].js" } };
  await new Promise<void>((resolve, reject) =>
    webpack(options, (fault: unknown, stats: { hasErrors(): boolean; toString(): string } | undefined) =>
      fault || stats?.hasErrors() ? reject(fault ?? new Error(String(stats))) : resolve(),
    ),
  );
  return serve();
};

export const rollupBuilt: Serve = async (folder, scripts) => {
  const { out, entries, workers, serve } = written(folder, scripts, "rollup");
  const { rollup } = require("rollup");
  const { nodeResolve } = require("@rollup/plugin-node-resolve");
  const commonjs = require("@rollup/plugin-commonjs"); // React is not written as ES modules
  // React asks for the environment by Node's word, which no browser has.
  const intro = 'const process = { env: { NODE_ENV: "production" } };';
  const bundle = await rollup({
    input: { ...entries, ...workers },
    plugins: [nodeResolve(), commonjs()],
    logLevel: "warn",
  });
  await bundle.write({ dir: out, format: "es", entryFileNames: "[name].js", intro });
  await bundle.close();
  return serve();
};

export const esbuildBuilt: Serve = async (folder, scripts) => {
  const { out, entries, workers, serve } = written(folder, scripts, "esbuild");
  await esbuild({
    entryPoints: { ...entries, ...workers },
    outdir: out,
    bundle: true,
    splitting: true,
    format: "esm",
    minify: true,
    logLevel: "warning",
  });
  return serve();
};

/**
 * Parcel takes the pages as entries. It reads `exports` of a package only if the app's package.json tells it to, and of
 * what several workers share it forgets some ("Cannot find module") unless each has its own.
 */
export const parcelBuilt: Serve = async (folder, scripts) => {
  const { Parcel } = require("@parcel/core");
  const options = {
    "@parcel/resolver-default": { packageExports: true },
    "@parcel/bundler-default": { disableSharedBundles: true },
  };
  writeFileSync(join(folder, "package.json"), JSON.stringify({ private: true, type: "module", ...options }));
  const out = join(folder, "written-by-parcel");
  await new Parcel({
    entries: scripts.map((script) => join(folder, writePage(folder, script))),
    defaultConfig: require.resolve("@parcel/config-default"),
    mode: "production",
    shouldDisableCache: true,
    defaultTargetOptions: { distDir: out, engines: { browsers: "last 2 Chrome versions" }, shouldOptimize: true },
  }).run();
  return serveWritten(folder, out);
};

/** No bundler: the package's files as they are, found by an import map. */
export const importMap: Serve = async (folder, scripts) => {
  const imports: Record<string, string> = {};
  const { exports } = require(join(folder, "node_modules/jobgate/package.json"));
  for (const [entry, target] of Object.entries<{ default?: string }>(exports)) {
    if (target.default) imports[`jobgate${entry.slice(1)}`] = `/node_modules/jobgate${target.default.slice(1)}`;
  }
  const map = JSON.stringify({ imports });
  for (const script of scripts) writePage(folder, script, `<script type="importmap">${map}</script>`);
  return serveWritten(folder, folder);
};

/** The same pages under a policy that allows no WebAssembly. */
export const forbidding: Serve = async (folder, scripts) => {
  await (await esbuildBuilt(folder, scripts)).close();
  return serveFolder(join(folder, "written-by-esbuild"), "script-src 'self'");
};
