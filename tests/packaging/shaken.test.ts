import { mkdirSync, readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { gzipSync } from "node:zlib";
import { transform } from "esbuild";
import { describe, expect, it } from "vitest";
import budgets from "./budgets.json" with { type: "json" };
import { marks } from "./entries.ts";
import * as bundlers from "./support/bundlers.ts";
import { installConsumer } from "./support/consumer.ts";

/** What a bundler's own code around the modules may add to the package's. */
const WRAPPING_BYTES = 500;

describe("an app that imports one entry ships none of the others", async () => {
  const folder = await installConsumer("web", { withReact: true });
  mkdirSync(join(folder, "public"));

  /** All the JavaScript that a bundler writes for scripts, minified; fails if it writes a binary. */
  async function shipped(serve: bundlers.Serve, out: string, ...scripts: string[]): Promise<string> {
    const site = await serve(folder, scripts);
    await site.close();
    const files = readdirSync(join(folder, out), { recursive: true, encoding: "utf8" });
    expect(files.filter((file) => file.endsWith(".wasm"))).toEqual([]);
    const written = files.filter((file) => file.endsWith(".js")).map((file) => readFileSync(join(folder, out, file)));
    // As modules, in which names of the top level can be short, too.
    const texts = written.map(
      async (text) => (await transform(text.toString(), { minify: true, target: "es2022", format: "esm" })).code,
    );
    return (await Promise.all(texts)).join("");
  }

  it.each([
    ["Vite", bundlers.viteBuilt, "written-by-vite"],
    ["webpack", bundlers.webpackBuilt, "written-by-webpack"],
    ["Rollup", bundlers.rollupBuilt, "written-by-rollup"],
    ["esbuild", bundlers.esbuildBuilt, "written-by-esbuild"],
    ["Parcel", bundlers.parcelBuilt, "written-by-parcel"],
  ] as const)("%s", async (_, serve, out) => {
    const text = await shipped(serve, out, "only-main.js");
    for (const mark of marks) expect(text.includes(mark), `“${mark}” is in it`).toBe(false);
    const gzip = gzipSync(text, { level: 9 }).length;
    expect(gzip).toBeLessThanOrEqual(budgets.minifiedGzip.jobgate + WRAPPING_BYTES);
  });

  it("and the marks of the others are in an app that imports all", async () => {
    const text = await shipped(bundlers.esbuildBuilt, "written-by-esbuild", "in-page.js", "pool-spawned.js");
    for (const mark of marks) expect(text.includes(mark), `“${mark}” is in it`).toBe(true);
  });
});
