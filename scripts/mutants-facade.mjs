// `npm run mutants:facade [-- --sample=300 --seed=1 --rooms=runner,shared]`: breaks the facade in one place after the other,
// and tells which of the breaks the tests did not see. `npm run pack` comes first.
//   There are 15,000 places, and a break takes a quarter of a minute or, where no test sees it, all tests that come by it:
// all of them would take days. So it breaks some that are drawn by lot, of each room as many as its share, and says between
// which bounds the share of unseen ones lies. --sample=all breaks all, --only=job/waits.ts those whose names have that in them.
//   All that was tried is in build/mutants/facade. What was killed is not tried again, what survived only when the facade or
// its tests have changed. Survivors with a reason are in tests/facade/survivors.txt, a line each: the mutant, then " # why".
// Tests of how memory and time grow take minutes, and are shown with --slow alone, what the others did not see.
// src/facade/server, whose tests need Redis, is broken only where --rooms names it.
import { spawn } from "node:child_process";
import { createHash } from "node:crypto";
import { once } from "node:events";
import { appendFileSync, copyFileSync, existsSync, mkdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { join, relative } from "node:path";
import { parseArgs } from "node:util";
import { activate, broken, nothingBroken } from "../tests/mutants/active.mjs";
import { main, output, root, run } from "./run.mjs";
import { linesOf, survivorsIn } from "./survivors.mjs";

const home = join(root, "build/mutants/facade");
const [packed, results, coverage, temporary] = ["packed", "results.jsonl", "coverage.jsonl", "tmp"].map((name) =>
  join(home, name),
);

/** Whose tests the breaks of a room are shown to. */
const projects = ["facade (chromium)", "react-19 (chromium)", "node"];
const projectsOf = { server: ["server"] };

/** So many seconds of tests run in one process, of which the first that fails is the last. */
const batchSeconds = 20;

const isSlow = ({ file }) => /(growth|leaks[-\w]*|throughput)\.test\./.test(file);

const recordsOf = (path) => linesOf(path).map((line) => JSON.parse(line));

/** Builds the package whose facade can be broken, and its panic flavour, and tells in which places. */
function build() {
  if (!existsSync(join(root, "tests/.packed-panic"))) throw new Error("`npm run pack` comes first");
  const tools = join(root, "tests/mutants");
  if (!existsSync(join(tools, "node_modules"))) run("npm", ["ci", "--prefix", tools]);
  mkdirSync(home, { recursive: true });
  for (const suffix of ["", "-panic"]) {
    run("node", ["scripts/build.mjs", `--flavour=mutants${suffix}`]);
    copyFileSync(join(root, "package.json"), join(packed + suffix, "node_modules/jobgate/package.json"));
    writeFileSync(join(packed + suffix, "package.json"), '{ "private": true, "type": "module" }\n');
  }
  return JSON.parse(readFileSync(join(home, "mutants.json"), "utf8"));
}

/** Another one wherever a test could reach or see something else. */
function stateOf() {
  const hash = createHash("sha256");
  const folders = ["src/facade", "tests/facade", "tests/node", "tests/server", "tests/guides"];
  const files = output("git", ["ls-files", "-co", "--exclude-standard", ...folders])
    .split("\n")
    .sort();
  for (const file of files.filter((file) => /\.(tsx?|mjs)$/.test(file) && existsSync(join(root, file)))) {
    hash.update(file).update(readFileSync(join(root, file)));
  }
  return hash.digest("hex").slice(0, 16);
}

/** Tells nothing if all tests pass, otherwise the first that did not, or that they did not end in time. */
async function runTests(project, files, { seconds, args, env }) {
  // Browsers leave folders behind there.
  rmSync(temporary, { recursive: true, force: true, maxRetries: 5, retryDelay: 200 });
  mkdirSync(temporary, { recursive: true });
  const failures = join(temporary, "failures");
  const options = ["run", "--project", project, "--reporter", "./scripts/failed-tests.mjs", ...args];
  const child = spawn("vitest", [...options, ...files], {
    cwd: root,
    env: {
      ...process.env,
      JOBGATE_PACKED: packed,
      FAILED_TESTS: failures,
      TMPDIR: temporary,
      FUZZ_PROGRAMS: "20",
      ...env,
    },
    stdio: "ignore",
    detached: true,
  });
  let isLate = false;
  const kill = (signal) => {
    isLate = true;
    process.kill(-child.pid, signal);
  };
  // Asked first, it closes its browser.
  const timers = [setTimeout(kill, seconds * 1000, "SIGTERM"), setTimeout(kill, seconds * 1000 + 10_000, "SIGKILL")];
  const [code] = await once(child, "close");
  timers.forEach(clearTimeout);
  if (isLate) return { outcome: "time", by: `${project}: ${files.join(" ")}` };
  if (code === 0) return undefined;
  const [by] = linesOf(failures);
  if (by === undefined) throw new Error(`vitest ${options.join(" ")} ${files.join(" ")}\nended with code ${code}`);
  return { outcome: "killed", by };
}

/** Which places each test file reaches while nothing is broken; what is known in this state is not looked at again. */
async function cover(state, wanted) {
  const known = () => recordsOf(coverage).filter((line) => line.state === state && wanted.includes(line.project));
  const list = join(home, "files.json");
  run("vitest", ["list", "--filesOnly", `--json=${list}`, ...wanted.flatMap((project) => ["--project", project])]);
  const listed = JSON.parse(readFileSync(list, "utf8"));
  for (const project of wanted) {
    const all = listed.filter(({ projectName }) => projectName === project);
    const names = all.map(({ file }) => relative(root, file).replaceAll("\\", "/"));
    const files = names.filter((name) => !known().some((line) => line.project === project && line.file === name));
    if (files.length === 0) continue;
    console.log(`${project}: looking at what ${files.length} files of tests reach`);
    const args = ["--no-file-parallelism", "--reporter", "./tests/mutants/coverage.mjs"];
    await runTests(project, files, { seconds: 7200, args, env: { COVERAGE_FILE: coverage, COVERAGE_STATE: state } });
  }
  for (const { file } of known().filter(({ passed }) => !passed)) console.log(`fails with nothing broken: ${file}`);
  return known()
    .filter(({ passed }) => passed)
    .map((line) => ({ ...line, reached: new Set(line.reached) }));
}

/** Files of tests in the order of how much of the broken file they reach for their time, in portions of a process each. */
function batchesOf(neighbours, files) {
  const ids = neighbours.map(({ id }) => Number(id));
  const worth = ({ reached, seconds }) => ids.filter((id) => reached.has(id)).length / (5 + seconds);
  const worths = new Map(files.map((file) => [file, worth(file)]));
  const sorted = files.toSorted((a, b) => worths.get(b) - worths.get(a));
  const batches = [];
  for (const { project, file, seconds, longest } of sorted) {
    let batch = batches.findLast((one) => one.project === project);
    if (!batch || batch.seconds + seconds > batchSeconds) {
      batch = { project, files: [], seconds: 0, longest: 0 };
      batches.push(batch);
    }
    batch.files.push(file);
    batch.seconds += seconds;
    batch.longest = Math.max(batch.longest, longest);
  }
  return batches;
}

/** Shows one break to the tests that come by it until one sees it. */
async function attempt({ id }, neighbours, files) {
  const start = performance.now();
  let end = { outcome: "survived" };
  activate(packed, broken(id));
  for (const batch of batchesOf(neighbours, files)) {
    // A busy machine takes longer than it did; but what waits in vain need not wait for as long as tests are allowed to.
    const args = ["--bail=1", `--test-timeout=${Math.round(10_000 + 4000 * batch.longest)}`];
    const seen = await runTests(batch.project, batch.files, { seconds: 60 + 4 * batch.seconds, args });
    if (seen) {
      end = seen;
      break;
    }
  }
  activate(packed, nothingBroken);
  return { ...end, seconds: Math.round((performance.now() - start) / 1000) };
}

function byRoom(list) {
  const rooms = new Map(list.map(({ room }) => [room, []]));
  for (const one of list) rooms.get(one.room).push(one);
  return [...rooms];
}

/** Of each room as many as its share, the rests going to where they are largest; the same for the same seed. */
function drawn(mutants, size, seed) {
  const lot = ({ name }) => createHash("sha256").update(`${seed} ${name}`).digest("hex");
  const lots = new Map(mutants.map((mutant) => [mutant, lot(mutant)]));
  const shuffled = mutants.toSorted((a, b) => (lots.get(a) < lots.get(b) ? -1 : 1));
  const rooms = byRoom(shuffled).map(([, list]) => ({ list, share: (list.length * size) / mutants.length }));
  rooms.sort((a, b) => (b.share % 1) - (a.share % 1));
  let left = size - rooms.reduce((sum, { share }) => sum + Math.floor(share), 0);
  const chosen = new Set(rooms.flatMap(({ list, share }) => list.slice(0, Math.floor(share) + (left-- > 0 ? 1 : 0))));
  return shuffled.filter((mutant) => chosen.has(mutant));
}

/** Wilson's, in percent: it holds for few, and for none. */
function interval(part, all) {
  const z = 1.96;
  const middle = (part + z ** 2 / 2) / (all + z ** 2);
  const half = (z / (all + z ** 2)) * Math.sqrt((part * (all - part)) / all + z ** 2 / 4);
  return [Math.max(0, middle - half), middle + half].map((bound) => `${(100 * bound).toFixed(1)} %`).join(" to ");
}

const isKilled = ({ outcome }) => outcome === "killed" || outcome === "time";

function report(ends, eligible, known) {
  for (const [room, all] of byRoom(eligible)) {
    const list = ends.filter((end) => end.room === room);
    const count = (outcome) => `${outcome} ${list.filter((end) => end.outcome === outcome).length}`;
    const counts = ["killed", "time", "survived", "unreached"].map(count).join(", ");
    console.log(`${room}: ${list.length} of ${all.length} tried: ${counts}`);
  }
  const survivors = ends.filter((end) => !isKilled(end));
  const share = ((100 * survivors.length) / ends.length).toFixed(1);
  console.log(`${share} % survived; of all it is ${interval(survivors.length, ends.length)}, 95 times of 100`);
  const unnamed = survivors.filter(({ name }) => !known.has(name));
  for (const { outcome, name, file, line, code } of unnamed)
    console.log(`\n${outcome}: ${name}\nsrc/facade/${file}:${line}\n${code}`);
  if (unnamed.length > 0) throw new Error("A test for each, or a line in tests/facade/survivors.txt that says why not");
}

await main(async () => {
  const text = { type: "string" };
  const options = { sample: text, seed: text, rooms: text, only: text, slow: { type: "boolean" } };
  const { values } = parseArgs({ options });
  const { sample = "300", seed = "1", only, slow = false } = values;
  const mutants = build();
  const rooms = byRoom(mutants).map(([room]) => room);
  const wanted = values.rooms?.split(",") ?? rooms.filter((room) => !(room in projectsOf));
  const unknown = wanted.find((room) => !rooms.includes(room));
  if (unknown !== undefined) throw new Error(`no room "${unknown}"; there are: ${rooms.join(", ")}`);
  const eligible = mutants.filter(({ room, name }) => wanted.includes(room) && name.includes(only ?? ""));
  const isAll = sample === "all" || only !== undefined;
  const size = isAll ? eligible.length : Math.min(Number(sample), eligible.length);
  if (!(size > 0)) throw new Error("--sample is how many or all, --only a part of a mutant's name");

  const state = stateOf();
  const covered = await cover(state, [...new Set(wanted.flatMap((room) => projectsOf[room] ?? projects))]);
  const known = survivorsIn(join(root, "tests/facade/survivors.txt"));
  const tried = new Map(recordsOf(results).map((result) => [result.name, result]));
  const ends = [];
  for (const mutant of drawn(eligible, size, seed)) {
    let end = known.has(mutant.name) ? { outcome: "survived", slow: true, state } : tried.get(mutant.name);
    const isOver = end && (isKilled(end) || (end.state === state && (end.slow || !slow)));
    if (!isOver) {
      // What the quick ones say of it is known.
      const isLeft = end?.state === state ? isSlow : (file) => slow || !isSlow(file);
      const coming = covered.filter(({ reached }) => reached.has(Number(mutant.id)));
      const neighbours = mutants.filter(({ file }) => file === mutant.file);
      end = { outcome: "unreached", seconds: 0 };
      if (coming.length > 0) end = await attempt(mutant, neighbours, coming.filter(isLeft));
      end.slow = slow || !coming.some(isSlow);
      appendFileSync(results, `${JSON.stringify({ name: mutant.name, state, ...end })}\n`);
      console.log(`${ends.length + 1}/${size} ${end.outcome}, ${end.seconds} s: ${mutant.name}\n    ${end.by ?? ""}`);
    }
    ends.push({ ...mutant, ...end });
  }
  report(ends, eligible, known);
});
