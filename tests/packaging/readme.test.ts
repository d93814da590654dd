import { mkdirSync, readFileSync, symlinkSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { installConsumer, root, tool } from "./support/consumer.ts";

const readme = readFileSync(join(root, "README.md"), "utf8");
const blocksOf = (language: string) =>
  [...readme.matchAll(new RegExp(`^\`\`\`${language}\n([\\s\\S]+?)^\`\`\``, "gm"))].map(([, code]) => code ?? "");

describe("the README's code", async () => {
  const folder = await installConsumer("types", { withReact: true });
  // React's own types are a package of their own.
  mkdirSync(join(folder, "node_modules/@types"));
  for (const name of ["react", "react-dom"]) {
    symlinkSync(join(root, "node_modules/@types", name), join(folder, "node_modules/@types", name), "junction");
  }
  const blocks = ["ts", "tsx"].flatMap((type) =>
    blocksOf(type).map((code, n) => ({ file: `block-${n}.${type}`, code })),
  );
  for (const { file, code } of blocks) writeFileSync(join(folder, file), code);

  it("type-checks as it stands", async () => {
    expect(blocks.length).toBeGreaterThan(5);
    const strict = ["--noEmit", "--strict", "--target", "es2022", "--lib", "es2022,esnext.disposable,dom,dom.iterable"];
    const modules = ["--module", "esnext", "--moduleResolution", "bundler", "--moduleDetection", "force"];
    const options = [...strict, ...modules, "--jsx", "react-jsx", "--types", "react"];
    const files = ["readme.d.ts", ...blocks.map(({ file }) => file)];
    expect(await tool("tsc", [...files, ...options], folder)).toEqual({ code: 0, output: "" });
  });

  it("in Rust is that of a test of the Rust API", () => {
    const words = (code: string) => code.trim().split(/\s+/).join(" ");
    const test = readFileSync(join(root, "tests/browser/suite/readme.rs"), "utf8");
    const blocks = blocksOf("rust");
    expect(blocks).toHaveLength(1);
    expect(words(test)).toContain(words(blocks.join("")));
  });
});
