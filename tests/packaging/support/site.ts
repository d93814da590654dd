import { mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { build as bundle } from "esbuild";
import { build, createServer, type InlineConfig, preview } from "vite";
import { root } from "./consumer.js";

/** What a careful site sends; without 'wasm-unsafe-eval' no WebAssembly may be compiled. */
export const strictPolicy = "default-src 'self'; script-src 'self' 'wasm-unsafe-eval'";

const html = (script: string, head = "") =>
  `<!doctype html><html lang="en"><head><meta charset="utf-8"><title>${script}</title>${head}</head>` +
  `<body><script type="module" src="/${script}"></script></body></html>`;

/** The first block of TypeScript in the README. */
function readmeLines(): string {
  const [, code] = /```ts\n([\s\S]+?)```/.exec(readFileSync(join(root, "README.md"), "utf8")) ?? [];
  if (code === undefined) throw new Error("README.md has no block of TypeScript");
  return code;
}

/** What the README says that its lines print: `console.log(…); // this`. */
export const readmeOutput = [...readmeLines().matchAll(/^console\.log\(.+\); \/\/ (.+)$/gm)].map(([, said]) => said);

function config(folder: string): InlineConfig {
  return {
    root: folder,
    configFile: false,
    logLevel: "warn",
    worker: { format: "es" },
    server: { port: 0 },
    preview: { port: 0, headers: { "Content-Security-Policy": strictPolicy } },
  };
}

/** Writes a page for each script, builds them all with Vite, and serves the result under the strict policy. */
export async function serveBuilt(folder: string, scripts: readonly string[]) {
  writeFileSync(join(folder, "readme.ts"), `${readmeLines()}\ndocument.body.dataset.outcome = "came to its end";\n`);
  mkdirSync(join(folder, "public"));
  writeFileSync(join(folder, "public/favicon.ico"), ""); // browsers ask for it and report that it is not there
  await bundle({
    entryPoints: [join(folder, "service-worker.js")],
    outfile: join(folder, "public/service-worker-bundle.js"),
    bundle: true,
    format: "iife",
    logLevel: "warning",
  });
  for (const script of scripts) writeFileSync(join(folder, `${script}.html`), html(script));
  const forbidding = `<meta http-equiv="Content-Security-Policy" content="script-src 'self'">`;
  writeFileSync(join(folder, "forbidden.html"), html("page.js", forbidding));

  const pages = [...scripts, "forbidden"].map((name) => join(folder, `${name}.html`));
  await build({ ...config(folder), build: { rolldownOptions: { input: pages } } });
  const server = await preview(config(folder));
  return { url: server.resolvedUrls?.local[0] ?? "", close: () => server.close() };
}

/** Serves the same pages the way `vite` does while an app is developed. */
export async function serveForDevelopment(folder: string) {
  const server = await createServer(config(folder));
  await server.listen();
  return { url: server.resolvedUrls?.local[0] ?? "", close: () => server.close() };
}
