import { readFileSync, statSync } from "node:fs";
import { join, relative } from "node:path";
import { gzipSync } from "node:zlib";
import { build } from "esbuild";
import { describe, expect, it } from "vitest";
import budgets from "./budgets.json" with { type: "json" };
import { installConsumer, root } from "./support/consumer.ts";

describe("size", async () => {
  const folder = await installConsumer("types");

  /**
   * Bytes that an app ships that uses everything of an entry, minified, then gzip as a server does at its best: what is
   * there when it starts, and what it loads when it first needs it.
   */
  async function shipped(entry: string): Promise<{ readonly start: number; readonly later: number }> {
    const { outputFiles, metafile } = await build({
      stdin: { contents: `import * as j from "${entry}"; globalThis.j = j;`, resolveDir: folder },
      bundle: true,
      splitting: true,
      minify: true,
      format: "esm",
      write: false,
      metafile: true,
      absWorkingDir: folder,
      outdir: "out",
      external: ["react"],
      logLevel: "error",
    });
    const atStart = new Set(["out/stdin.js"]);
    for (const file of atStart) {
      for (const { path, kind } of metafile.outputs[file]?.imports ?? []) {
        if (kind === "import-statement" && path in metafile.outputs) atStart.add(path);
      }
    }
    const size = { start: 0, later: 0 };
    for (const { path, contents } of outputFiles) {
      const when = atStart.has(relative(folder, path)) ? "start" : "later";
      size[when] += gzipSync(contents, { level: 9 }).length;
    }
    console.log(`all of "${entry}": ${size.start} bytes minified and gzip, ${size.later} later`);
    return size;
  }

  it.each(Object.entries(budgets.minifiedGzip))("of all of %s is at most %d bytes", async (entry, budget) => {
    expect((await shipped(entry)).start).toBeLessThanOrEqual(budget);
  });

  it.each(Object.entries(budgets.later))("of what %s loads later is at most %d bytes", async (entry, budget) => {
    expect((await shipped(entry)).later).toBeLessThanOrEqual(budget);
  });

  it("of what the other entries load later is none", async () => {
    for (const entry of Object.keys(budgets.minifiedGzip).filter((entry) => !(entry in budgets.later))) {
      expect((await shipped(entry)).later, entry).toBe(0);
    }
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
    expect(Math.abs((await shipped(entry)).start - stated.get(entry)!)).toBeLessThanOrEqual(1000);
  });
});
