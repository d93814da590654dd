/** Bundles harness and cases for an environment as a user's bundler would: `jobgate` by its name, out of the packed package. */
import { readdirSync, rmSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { build } from "esbuild";

const here = (path) => fileURLToPath(new URL(path, import.meta.url));
export const OUT = here(".out");
/** Cases that need what only pages have. */
export const PAGE_CASES = ["react-hooks", "worker-pool"];

const sources = (folder) =>
  readdirSync(here(folder))
    .filter((file) => file.endsWith(".mjs"))
    .map((file) => here(`${folder}/${file}`));

/** `environment` is node or chromium; `packages` the node_modules folder that jobgate is taken from. */
export async function bundle(environment, packages) {
  const outdir = `${OUT}/${environment}`;
  rmSync(outdir, { recursive: true, force: true });
  const shared = {
    bundle: true,
    format: "esm",
    splitting: true,
    outbase: here("."),
    platform: environment === "node" ? "node" : "browser",
    target: "es2022",
    nodePaths: [packages],
    define: { "process.env.NODE_ENV": '"production"' },
    logLevel: "warning",
    outdir,
  };
  // Peers that also run in Node ask for these only there.
  if (environment !== "node") shared.external = ["worker_threads", "child_process", "os", "process"];
  // Harness and cases keep their names for profiles; what starts cold is made small, each in a file of its own.
  const pageOnly = environment === "node" ? PAGE_CASES.map((name) => here(`cases/${name}.mjs`)) : [];
  const cases = sources("cases").filter((file) => !pageOnly.includes(file));
  await build({ ...shared, entryPoints: [here("harness.mjs"), ...cases] });
  if (environment !== "node") await build({ ...shared, entryPoints: sources("workers") });
  await build({ ...shared, entryPoints: sources("cold"), splitting: false, minify: true });
}
