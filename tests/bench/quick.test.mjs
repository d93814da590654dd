// The quick bench runs, in Node and in Chromium, and measures every contender of every case. No timing is judged.
import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import { readdirSync, readFileSync } from "node:fs";
import { test } from "node:test";
import { fileURLToPath } from "node:url";
import { PAGE_CASES } from "./bundle.mjs";

const here = (path) => fileURLToPath(new URL(path, import.meta.url));

execFileSync(process.execPath, [here("run.mjs"), "--quick"], { stdio: "inherit" });
const { environments } = JSON.parse(readFileSync(here(".out/bench-results.json"), "utf8"));

for (const environment of ["node", "chromium"]) {
  const { cases } = environments[environment];

  test(`${environment}: every case was run`, () => {
    const files = readdirSync(here("cases")).map((file) => file.replace(".mjs", ""));
    const expected = [...files, "cold-start"].filter((name) => environment !== "node" || !PAGE_CASES.includes(name));
    assert.deepEqual(Object.keys(cases).sort(), expected.sort());
  });

  for (const [name, { columns }] of Object.entries(cases)) {
    test(`${environment}: ${name} has a number for every contender`, () => {
      assert.ok(Object.keys(columns).length > 0);
      for (const [column, { contenders }] of Object.entries(columns)) {
        assert.ok(contenders.jobgate, `${column} measures jobgate`);
        assert.ok(Object.keys(contenders).length > 1, `${column} has something to compare with`);
        for (const [contender, cell] of Object.entries(contenders)) {
          for (const part of ["median", "q1", "q3"]) {
            assert.ok(Number.isFinite(cell[part]), `${column}, ${contender}: ${part} is ${cell[part]}`);
          }
        }
      }
    });
  }
}
