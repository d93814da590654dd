import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { join } from "node:path";
import { build } from "esbuild";

/** The soak's pages and workers, with the package as packed. */
export async function startSite() {
  const here = import.meta.dirname;
  const { outputFiles } = await build({
    entryPoints: ["page", "runner-worker", "pool-worker"].map((name) => join(here, `${name}.ts`)),
    bundle: true,
    splitting: true,
    format: "esm",
    write: false,
    outdir: here,
    // One would be taken from the project itself.
    alias: Object.fromEntries(
      ["", "/agents", "/queue-client", "/runner", "/shared", "/worker", "/worker-pool"].map((entry) => [
        `jobgate${entry}`,
        join(here, "../../.packed/node_modules/jobgate/dist", `${entry.slice(1) || "index"}.js`),
      ]),
    ),
  });
  const files = new Map(outputFiles.map(({ path, text }) => [path.slice(here.length), text]));
  const server = createServer(({ url = "/" }, response) => {
    const { pathname } = new URL(url, "http://localhost");
    const script = files.get(pathname);
    if (pathname !== "/" && script === undefined) {
      response.writeHead(404).end();
      return;
    }
    response.setHeader("Content-Type", script === undefined ? "text/html" : "text/javascript");
    response.end(script ?? '<!doctype html><title>Soak</title><script type="module" src="/page.js"></script>');
  });
  await new Promise<void>((resolve) => server.listen(0, "localhost", resolve));
  return {
    address: `http://localhost:${(server.address() as AddressInfo).port}`,
    close: () => void server.close(),
  };
}
