import { join } from "node:path";
import { build } from "esbuild";
import type { Plugin } from "vite";

const FILES: Readonly<Record<string, readonly [type: string, text: string]>> = {
  "/": [
    "text/html",
    "<!doctype html><html lang='en'><meta charset='utf-8'><title>A page with a service worker</title>",
  ],
  "/style.css": ["text/css", "body { color: black }"],
  "/script.js": ["text/javascript", "export const answer = 42;"],
};

/** A page at /http-site/, and the script of a service worker that answers for a queue there. */
export function httpSite(): Plugin {
  const script = async () => {
    const { outputFiles } = await build({
      entryPoints: [join(import.meta.dirname, "service-worker.ts")],
      alias: {
        "jobgate/runner": join(import.meta.dirname, "../../../.packed/node_modules/jobgate/dist/runner.js"),
      },
      bundle: true,
      format: "iife",
      write: false,
      logLevel: "error",
    });
    return outputFiles[0]?.text ?? "";
  };
  return {
    name: "http-site",
    configureServer: ({ middlewares }) => {
      middlewares.use("/http-site", async (request, response) => {
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
