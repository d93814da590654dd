import { existsSync, readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { execute, installConsumer, root, tarball, tool } from "./support/consumer.ts";

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
    expect(manifest.peerDependencies).toEqual({ bullmq: "~6.7.0", ioredis: ">=5", react: ">=18", ws: ">=8" });
    const optional = { optional: true };
    expect(manifest.peerDependenciesMeta).toEqual({
      bullmq: optional,
      ioredis: optional,
      react: optional,
      ws: optional,
    });
    expect(readdirSync(installed).filter((name) => !name.startsWith("."))).toEqual(["jobgate"]);
  });

  it("holds the licences, the readme, the changelog and nothing but dist", () => {
    expect(readdirSync(join(installed, "jobgate")).sort()).toEqual([
      "CHANGELOG.md",
      "LICENSE-APACHE",
      "LICENSE-MIT",
      "README.md",
      "dist",
      "package.json",
    ]);
  });

  it("has a readme whose links lead somewhere without the repository, to files that it has", () => {
    const readme = readFileSync(join(installed, "jobgate/README.md"), "utf8").replaceAll(/^```[\s\S]*?^```/gm, "");
    const links = [...readme.matchAll(/\]\(([^)\s]+)\)|(?:src|href)="([^"]+)"/g)].map(
      ([, one, other]) => one ?? other!,
    );
    expect(links.length).toBeGreaterThan(30);
    expect(links.filter((link) => !/^(https:\/\/|#)/.test(link))).toEqual([]);
    const files = links.flatMap(
      (link) => /^https:\/\/github\.com\/jobgate\/jobgate\/(?:blob|raw)\/main\/([^#]+)/.exec(link)?.[1] ?? [],
    );
    expect(files.length).toBeGreaterThan(30);
    expect(files.filter((file) => !existsSync(join(root, file)))).toEqual([]);
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

describe("what is published to crates.io", () => {
  it("is the sources, their tests, the licences, the readme and the changelog, packed without a warning", async () => {
    const { code, output } = await execute("cargo", ["package", "--list", "--allow-dirty"], { cwd: root });
    expect({ code, warnings: /^warning/m.test(output) }, output).toEqual({ code: 0, warnings: false });
    const others = output
      .split("\n")
      // What begins with a space is said by Cargo of itself.
      .filter((line) => line !== "" && !/^ |^(src|tests\/(engine|browser))\/.+\.rs$/.test(line));
    expect(others.sort()).toEqual([
      ".cargo_vcs_info.json",
      "CHANGELOG.md",
      "Cargo.lock",
      "Cargo.toml",
      "Cargo.toml.orig",
      "LICENSE-APACHE",
      "LICENSE-MIT",
      "README.md",
      "tests/engine/agents/servers.json",
    ]);
  });
});
