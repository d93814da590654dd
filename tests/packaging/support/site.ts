import { createHash } from "node:crypto";
import { cpSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { build as esbuild } from "esbuild";
import { root } from "./consumer.ts";
import { serveFolder } from "./static.ts";

export interface Site {
  readonly url: string;
  close(): Promise<void>;
}

/** What a careful site sends; without 'wasm-unsafe-eval' no WebAssembly may be compiled. */
export const strictPolicy = "default-src 'self'; script-src 'self' 'wasm-unsafe-eval'";

/** The first block of TypeScript in the README. */
function readmeLines(): string {
  const [, code] = /```ts\n([\s\S]+?)```/.exec(readFileSync(join(root, "README.md"), "utf8")) ?? [];
  if (code === undefined) throw new Error("README.md has no block of TypeScript");
  return code;
}

/** What the README says that its lines print: `console.log(…); // this`. */
export const readmeOutput = [...readmeLines().matchAll(/^console\.log\(.+\); \/\/ (.+)$/gm)].map(([, said]) => said);

const html = (script: string, head = "") =>
  `<!doctype html><html lang="en"><head><meta charset="utf-8"><title>${script}</title>${head}</head>` +
  `<body><script type="module" src="./${script}"></script></body></html>`;

/** Writes the page that runs a script and returns its name; `head` is more of its head. */
export function writePage(folder: string, script: string, head?: string): string {
  const page = pageOf(script);
  writeFileSync(join(folder, page), html(script, head));
  return page;
}

export const pageOf = (script: string) => script.replace(/\.\w+$/, ".html");

/** Adds to an installed consumer what is no bundler's business: the README's lines, and what is served as it is. */
export async function complete(folder: string): Promise<void> {
  writeFileSync(join(folder, "readme.js"), `${readmeLines()}\ndocument.body.dataset.outcomes = '"came to its end"';\n`);
  const served = join(folder, "public");
  mkdirSync(served);
  writeFileSync(join(served, "favicon.ico"), ""); // browsers ask for it and report that it is not there
  cpSync(join(folder, "node_modules/jobgate/dist/jobgate.wasm"), join(served, "jobgate.wasm"));
  await esbuild({
    entryPoints: [join(folder, "service-worker.js")],
    outfile: join(served, "service-worker-bundle.js"),
    bundle: true,
    format: "iife",
    logLevel: "warning",
  });
}

/** The strict policy, and by their hashes the import maps of the folder's pages, which have to stand inline. */
function policyOf(folder: string): string {
  const pages = readdirSync(folder).filter((name) => name.endsWith(".html"));
  const maps = pages.flatMap((page) => [
    ...readFileSync(join(folder, page), "utf8").matchAll(/<script type="?importmap"?>(.+?)<\/script>/gs),
  ]);
  const hashes = maps.map(([, map = ""]) => `'sha256-${createHash("sha256").update(map).digest("base64")}'`);
  return [strictPolicy, ...new Set(hashes)].join(" ");
}

/** Serves what a bundler has written, beside what is served as it is. */
export function serveWritten(folder: string, written: string): Promise<Site> {
  cpSync(join(folder, "public"), written, { recursive: true });
  return serveFolder(written, policyOf(written));
}
