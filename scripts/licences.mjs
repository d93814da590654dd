// Every npm package that the project works with has a licence that fits MIT OR Apache-2.0; crates: deny.toml. The apps of
// other people's tools in tests/packaging are not among them: nothing of those is handed on.
import { execFileSync } from "node:child_process";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { main, root } from "./run.mjs";

const permissive = [
  "MIT",
  "MIT-0",
  "Apache-2.0",
  "ISC",
  "0BSD",
  "BSD-2-Clause",
  "BSD-3-Clause",
  "BlueOak-1.0.0",
  "CC0-1.0",
  "Unlicense",
  "Zlib",
];
// File by file copyleft, attribution, Python's own: fine in a tool.
const inTools = ["MPL-2.0", "CC-BY-4.0", "PSF-2.0", "Python-2.0"];

/** `A OR B`: one is enough; `A AND B`: all are needed. */
function fits(expression, allowed) {
  const alternatives = expression.replace(/[()]/g, "").split(" OR ");
  return alternatives.some((one) => one.split(" AND ").every((name) => allowed.includes(name)));
}

await main(() => {
  const locks = execFileSync("git", ["ls-files", "*package-lock.json"], { cwd: root, encoding: "utf8" })
    .trim()
    .split("\n")
    .filter((lock) => !lock.startsWith("tests/packaging/"));
  const faults = [];
  for (const lock of locks) {
    const { packages } = JSON.parse(readFileSync(join(root, lock), "utf8"));
    for (const [path, { license, link, dev }] of Object.entries(packages)) {
      if (path === "" || link) continue;
      const allowed = dev ? [...permissive, ...inTools] : permissive;
      if (!license || !fits(license, allowed)) faults.push(`${lock}: ${path}: ${license ?? "no licence named"}`);
    }
  }
  if (faults.length > 0) throw new Error(`Licences that do not fit:\n${faults.join("\n")}`);
});
