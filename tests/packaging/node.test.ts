import { describe, expect, it } from "vitest";
import { inAnything } from "./entries.ts";
import { execute, installConsumer } from "./support/consumer.ts";

describe("in Node", async () => {
  const folder = await installConsumer("node", { withReact: true });

  it.each([
    ["runs a job at module level and lets the process end", "main-entry.js", "42\n"],
    ["runs from ./slim with a compiled module", "slim-module.js", "42\n"],
    ["is loaded once, however often it is asked", "slim-again.js", "jobgate.wasm:  answered 503\n42\n"],
    ["is one engine, also where another entry starts it while it loads", "slim-meanwhile.js", "Failed\n"],
    ["runs a job of every entry that needs no page", "anywhere-entry.js", `${JSON.stringify(inAnything)}\n`],
    ["runs a pool's job in a worker thread and lets the process end", "pool-entry.js", "function 25\n"],
    ["renders the hooks idle", "rendered.js", "idle undefined 0 0\n"],
    ["has one engine for both entries", "one-engine.js", "true\n"],
  ])("%s", async (_, program, output) => {
    expect(await execute("node", [program], { cwd: folder })).toEqual({ code: 0, output });
  });

  it("says what to call when ./slim is used too early", async () => {
    const { code, output } = await execute("node", ["slim-too-early.js"], { cwd: folder });
    expect(code).toBe(0);
    expect(output).toMatch(/init\(/);
  });
});
