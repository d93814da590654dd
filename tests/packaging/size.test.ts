import { readFileSync, statSync } from "node:fs";
import { join } from "node:path";
import { gzipSync } from "node:zlib";
import { build } from "esbuild";
import { describe, expect, it } from "vitest";
import budgets from "./budgets.json" with { type: "json" };
import { installConsumer, root } from "./support/consumer.ts";

describe("size", async () => {
  const folder = await installConsumer("types");

  /** Bytes that an app ships that uses everything of an entry: minified, then gzip as a server does at its best. */
  async function shipped(entry: string): Promise<number> {
    const { outputFiles } = await build({
      stdin: { contents: `import * as j from "${entry}"; globalThis.j = j;`, resolveDir: folder },
      bundle: true,
      minify: true,
      format: "esm",
      write: false,
      external: ["react"],
    });
    const [file] = outputFiles;
    if (file === undefined) throw new Error("esbuild wrote nothing");
    const gzip = gzipSync(file.contents, { level: 9 }).length;
    console.log(`all of "${entry}": ${file.contents.length} bytes minified, ${gzip} gzip`);
    return gzip;
  }

  it.each(Object.entries(budgets.minifiedGzip))("of all of %s is at most %d bytes", async (entry, budget) => {
    expect(await shipped(entry)).toBeLessThanOrEqual(budget);
  });

  it("of all of jobgate may never be budgeted at more than 60 KB", () => {
    expect(budgets.minifiedGzip.jobgate).toBeLessThanOrEqual(60_000);
  });

  it("of jobgate.wasm is within its budget", () => {
    const { size } = statSync(join(folder, "node_modules/jobgate/dist/jobgate.wasm"));
    console.log(`jobgate.wasm: ${size} bytes`);
    expect(size).toBeLessThanOrEqual(budgets.wasm);
  });

  const table = readFileSync(join(root, "README.md"), "utf8").matchAll(/^\| `(jobgate[\w/-]*)` \| ([\d.]+) KB \|/gm);
  const stated = new Map([...table].map(([, entry, kilobytes]) => [entry, Number(kilobytes) * 1000]));

  it.each(Object.keys(budgets.minifiedGzip))("of all of %s is what the README says, to a kilobyte", async (entry) => {
    expect(Math.abs((await shipped(entry)) - stated.get(entry)!)).toBeLessThanOrEqual(1000);
  });
});
