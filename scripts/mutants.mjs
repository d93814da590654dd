// `npm run mutants [-- rate order shared]`: breaks the engine in one place after the other, in those of its modules or in all,
// and tells which the tests did not see (`cargo install cargo-mutants` once). What was tried is not tried again: all of it
// is in build/mutants. Survivors with a reason are in tests/engine/survivors.txt, a line each: the mutant, then " # why".
import { mkdirSync } from "node:fs";
import { join } from "node:path";
import { main, root, run } from "./run.mjs";
import { linesOf, survivorsIn } from "./survivors.mjs";

/** Each folder of the engine has tests of its own; what lies beside the folders has the manager's. */
const rooms = { manager: "engine", agents: "agents", pool: "pool", runner: "runner", shared: "shared" };

/** Without line and column, which any edit moves. */
const named = (line) => line.replace(/^(\S+?\.rs):\d+:\d+: /, "$1: ").trim();

const roomOf = (module) => (module.split("/")[0] in rooms ? module.split("/")[0] : "manager");

/** The files of a module, of a folder, or of what lies beside the folders. */
function filesOf(module) {
  if (module === "manager") return ["src/engine/*.rs"];
  return [`src/engine/${module}.rs`, `src/engine/${module}/**`];
}

/** Tries the mutants of these modules, which are of one room; tells which survived, and how many ended by time alone. */
function tryOut(room, modules) {
  const out = join(root, "build/mutants", room);
  mkdirSync(out, { recursive: true });
  const chosen = modules.flatMap(filesOf).flatMap((file) => ["--file", file]);
  // For building as well as for running: other tests need not even be compiled.
  const tests = ["--cargo-arg=--lib", `--cargo-arg=--test=${rooms[room]}`];
  let error;
  try {
    run("cargo", ["mutants", "--iterate", "--output", out, "--minimum-test-timeout", "120", ...tests, ...chosen]);
  } catch (thrown) {
    // It says so by its exit code when one was missed.
    error = thrown;
  }
  const [missed, timeout] = ["missed", "timeout"].map((kind) =>
    linesOf(join(out, "mutants.out", `${kind}.txt`)).map(named),
  );
  if (error && missed.length + timeout.length === 0) throw error;
  return { missed, timeout };
}

await main(() => {
  const asked = process.argv.slice(2);
  const modules = asked.length === 0 ? Object.keys(rooms) : asked;
  const known = survivorsIn(join(root, "tests/engine/survivors.txt"));
  const survivors = [];
  for (const room of new Set(modules.map(roomOf))) {
    const { missed, timeout } = tryOut(
      room,
      modules.filter((module) => roomOf(module) === room),
    );
    const unnamed = missed.filter((mutant) => !known.has(mutant));
    survivors.push(...unnamed);
    console.log(
      `${room}: ${missed.length} survived, ${unnamed.length} of them unnamed; ${timeout.length} ended by time`,
    );
  }
  for (const mutant of survivors) console.log(`survived: ${mutant}`);
  if (survivors.length > 0)
    throw new Error("A test for each, or a line in tests/engine/survivors.txt that says why not");
});
