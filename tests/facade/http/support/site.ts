import { join } from "node:path";
import { build } from "esbuild";
import type { Plugin } from "vite";
import { packed } from "../../../shared/support/packed.mjs";

const FILES: Readonly<Record<string, readonly [type: string, text: string]>> = {
  "/": [
    "text/html",
    "<!doctype html><html lang='en'><meta charset='utf-8'><title>A page with a service worker</title>",
  ],
  "/style.css": ["text/css", "body { color: black }"],
  "/script.js": ["text/javascript", "export const answer = 42;"],
};

const dist = join(packed, "node_modules/jobgate/dist");

/** A page at /http-site/, and the script of a service worker that answers for a queue there. */
export const httpSite = (): Plugin => siteOf("http-site", "/http-site", join(import.meta.dirname, "service-worker.ts"));

/** The same at /shared-site/, where one answers for the queue of all tabs. */
export const sharedSite = (): Plugin =>
  siteOf("shared-site", "/shared-site", join(import.meta.dirname, "../../service-worker/support/service-worker.ts"));

function siteOf(name: string, path: string, serviceWorker: string): Plugin {
  const script = async () => {
    const { outputFiles } = await build({
      entryPoints: [serviceWorker],
      alias: {
        "jobgate/runner": join(dist, "runner.js"),
        "jobgate/service-worker": join(dist, "service-worker.js"),
      },
      bundle: true,
      format: "iife",
      write: false,
      logLevel: "error",
    });
    return outputFiles[0]?.text ?? "";
  };
  return {
    name,
    configureServer: ({ middlewares }) => {
      middlewares.use(path, async (request, response) => {
        const { pathname } = new URL(request.url ?? "/", "http://localhost");
        const [type, text] =
          pathname === "/service-worker.js" ? ["text/javascript", await script()] : (FILES[pathname] ?? []);
        response.statusCode = type === undefined ? 404 : 200;
        response.setHeader("Content-Type", type ?? "text/plain");
        response.setHeader("Cache-Control", "no-store");
        response.end(text);
      });
    },
  };
}
