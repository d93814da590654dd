import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { join } from "node:path";
import { build } from "esbuild";
import { packedPackage } from "../../../shared/support/packed.mjs";

const PAGE = '<!doctype html><title>Runner</title><body><ul></ul><script type="module" src="/page.js"></script>';

/** A page and the SharedWorker that its tabs share, with the package as packed. */
export async function startTabsSite(): Promise<{ readonly address: string; close(): void }> {
  const here = import.meta.dirname;
  const { outputFiles } = await build({
    entryPoints: [join(here, "page.js"), join(here, "worker.js")],
    bundle: true,
    format: "esm",
    write: false,
    outdir: here,
    plugins: [packedPackage()],
  });
  const scripts = new Map(outputFiles.map(({ path, contents }) => [path.slice(here.length), contents]));
  const server = createServer(({ url = "/" }, response) => {
    const script = scripts.get(url);
    response.setHeader("Content-Type", script ? "text/javascript" : "text/html");
    response.end(script ?? PAGE);
  });
  await new Promise<void>((resolve) => server.listen(0, "localhost", resolve));
  return {
    address: `http://localhost:${(server.address() as AddressInfo).port}/`,
    close() {
      server.closeAllConnections();
      server.close();
    },
  };
}
