// `npm run mutants [-- rate order shared]`: breaks the engine in one place after the other, in those of its modules or in all,
// and tells which the tests did not see (`cargo install cargo-mutants` once). What was tried is not tried again: all of it
// is in build/mutants. Survivors with a reason are in tests/engine/survivors.txt, a line each: the mutant, then " # why".
import { existsSync, mkdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { main, root, run } from "./run.mjs";

const out = join(root, "build/mutants");

/** Without line and column, which any edit moves. */
const named = (line) => line.replace(/^(\S+?\.rs):\d+:\d+: /, "$1: ").trim();

const linesOf = (path) =>
  existsSync(path)
    ? readFileSync(path, "utf8")
        .split("\n")
        .filter((line) => line.trim() !== "" && !line.startsWith("#"))
    : [];

await main(() => {
  const modules = process.argv.slice(2);
  const files =
    modules.length === 0
      ? ["src/engine/**"]
      : modules.flatMap((name) => [`src/engine/${name}.rs`, `src/engine/${name}/**`]);
  mkdirSync(out, { recursive: true });
  let unseen = false;
  try {
    const chosen = files.flatMap((file) => ["--file", file]);
    run("cargo", [
      "mutants",
      "--iterate",
      "--output",
      out,
      "--minimum-test-timeout",
      "120",
      ...chosen,
      "--",
      "--tests",
    ]);
  } catch {
    // It says so by its exit code when one was missed.
    unseen = true;
  }
  const known = new Set(linesOf(join(root, "tests/engine/survivors.txt")).map((line) => line.split(" # ")[0].trim()));
  const outcomes = ["missed", "timeout"].map((kind) => linesOf(join(out, "mutants.out", `${kind}.txt`)).map(named));
  const survivors = outcomes[0].filter((mutant) => !known.has(mutant));
  for (const mutant of survivors) console.log(`survived: ${mutant}`);
  console.log(
    `${outcomes[0].length} survived, ${survivors.length} of them unnamed; ${outcomes[1].length} ended by time`,
  );
  if (survivors.length > 0)
    throw new Error("A test for each, or a line in tests/engine/survivors.txt that says why not");
  if (unseen && outcomes[0].length === 0)
    throw new Error("cargo mutants did not come to its end: what it printed says why");
});
