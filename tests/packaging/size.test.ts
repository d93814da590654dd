import { readFileSync, statSync } from "node:fs";
import { join } from "node:path";
import { gzipSync } from "node:zlib";
import { build } from "esbuild";
import { describe, expect, it } from "vitest";
import budgets from "./budgets.json" with { type: "json" };
import { installConsumer, root } from "./support/consumer.js";

describe("size", async () => {
  const folder = await installConsumer("types");

  /** What an app ships that uses everything of an entry: minified, then gzip as a server does at its best. */
  async function shipped(entry: string) {
    const { outputFiles } = await build({
      stdin: { contents: `import * as j from "${entry}"; globalThis.j = j;`, resolveDir: folder },
      bundle: true,
      minify: true,
      format: "esm",
      write: false,
    });
    const [file] = outputFiles;
    if (file === undefined) throw new Error("esbuild wrote nothing");
    return { minified: file.contents.length, gzip: gzipSync(file.contents, { level: 9 }).length };
  }

  /** Kilobytes that the README's paragraph about size states. */
  const stated = (pattern: RegExp) => {
    const [, figure] = pattern.exec(readFileSync(join(root, "README.md"), "utf8")) ?? [];
    if (figure === undefined) throw new Error(`README.md does not say ${pattern}`);
    return Number(figure) * 1000;
  };

  it("of everything in the main entry is at most 60 KB gzip, within its budget, and what the README says", async () => {
    const { minified, gzip } = await shipped("jobgate");
    console.log(
      `"jobgate", all of it: ${minified} bytes minified, ${gzip} gzip (budget ${budgets.everythingMinifiedGzip})`,
    );
    expect(budgets.everythingMinifiedGzip).toBeLessThanOrEqual(60_000);
    expect(gzip).toBeLessThanOrEqual(budgets.everythingMinifiedGzip);
    expect(Math.abs(gzip - stated(/gzip: \*\*([\d.]+) KB\*\*/))).toBeLessThanOrEqual(1000);
  });

  it("of ./slim without its binary is within its budget, and what the README says", async () => {
    const { minified, gzip } = await shipped("jobgate/slim");
    console.log(`"jobgate/slim": ${minified} bytes minified, ${gzip} gzip (budget ${budgets.slimMinifiedGzip})`);
    expect(gzip).toBeLessThanOrEqual(budgets.slimMinifiedGzip);
    expect(Math.abs(gzip - stated(/leaves the wasm out \(([\d.]+) KB\)/))).toBeLessThanOrEqual(1000);
  });

  it("of the binary is within its budget", () => {
    const { size } = statSync(join(folder, "node_modules/jobgate/dist/jobgate.wasm"));
    console.log(`jobgate.wasm: ${size} bytes (budget ${budgets.wasm})`);
    expect(size).toBeLessThanOrEqual(budgets.wasm);
  });
});
