import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { launchOptions } from "../../scripts/browsers.mjs";
import { bundlers, execute, installConsumer, root } from "./support/consumer.ts";

describe("an app's own tests with jobgate/testing", async () => {
  const folder = await installConsumer("testing", { inBundlers: true });
  const env = { ...process.env, NO_COLOR: "1", LAUNCH_OPTIONS: JSON.stringify(launchOptions.chromium) };
  const jest = join(bundlers, "node_modules/jest/bin/jest.js");
  const options = ["--transform={}", "--testTimeout=60000"];
  const vitest = (project: string) => [join(root, "node_modules/vitest/vitest.mjs"), "run", "--project", project];

  it.each([
    ["node:test", ["--test", "node.test.js"], /^[#ℹ] pass 2$/m],
    ["vitest in Node", vitest("node"), /Tests +3 passed/],
    ["vitest with jsdom", vitest("jsdom"), /Tests +3 passed/],
    ["vitest in a browser", vitest("browser"), /Tests +3 passed/],
    ["jest", ["--experimental-vm-modules", jest, ...options, "jest.test.js"], /Tests: +2 passed, 2 total/],
  ])("%s", async (_, args, output) => {
    const ended = await execute("node", args, { cwd: folder, env });
    expect(ended.output).toMatch(output);
    expect(ended.code).toBe(0);
  });
});
