import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { installConsumer, tarball, tool } from "./support/consumer.js";

describe("the tarball", async () => {
  const installed = join(await installConsumer("types"), "node_modules");
  const manifest = JSON.parse(readFileSync(join(installed, "jobgate/package.json"), "utf8"));

  it("passes publint --strict", async () => {
    expect(await tool("publint", ["run", tarball, "--strict"])).toMatchObject({ code: 0 });
  });

  it("passes attw for ES modules", async () => {
    // The binary has no types: bundlers give its URL theirs.
    const args = [tarball, "--profile", "esm-only", "--exclude-entrypoints", "jobgate.wasm"];
    expect(await tool("attw", args)).toMatchObject({ code: 0 });
  });

  it("brings no other package with it", () => {
    expect(manifest.dependencies).toBeUndefined();
    expect(manifest.peerDependencies).toBeUndefined();
    expect(readdirSync(installed).filter((name) => !name.startsWith("."))).toEqual(["jobgate"]);
  });

  it("holds the licences, the readme and nothing but dist", () => {
    expect(readdirSync(join(installed, "jobgate")).sort()).toEqual([
      "LICENSE-APACHE",
      "LICENSE-MIT",
      "README.md",
      "dist",
      "package.json",
    ]);
  });

  it.each([
    ["bundler", ["--module", "esnext", "--moduleResolution", "bundler"]],
    ["nodenext", ["--module", "nodenext"]],
  ])("type-checks in a strict program with moduleResolution %s", async (_, options) => {
    const strict = ["--noEmit", "--strict", "--target", "es2022", "--lib", "es2022,dom"];
    const folder = join(installed, "..");
    expect(await tool("tsc", ["program.ts", ...strict, ...options], folder)).toEqual({ code: 0, output: "" });
  });
});
