// The facade's tests in WebKit. Its browser may die, or a page of it hang: then the file it was at is tried once more in
// a new one, and the others go on.
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { main, output, run } from "./run.mjs";

const TRIES = 2;
const project = ["--project", "webkit"];
const reporters = ["default", "./scripts/failed-tests.mjs", "./scripts/webkit-watch.mjs"];

/** Runs these files; tells which have begun, passed and failed, and how it ended. */
function play(files) {
  const folder = mkdtempSync(join(tmpdir(), "jobgate-webkit-"));
  const notes = join(folder, "notes");
  writeFileSync(notes, "");
  let error;
  try {
    run("vitest", ["run", ...reporters.flatMap((name) => ["--reporter", name]), ...project, ...files], {
      env: { WEBKIT_NOTES: notes },
    });
  } catch (thrown) {
    error = thrown;
  }
  const lines = readFileSync(notes, "utf8").split("\n");
  rmSync(folder, { recursive: true });
  const noted = (what) =>
    lines.filter((line) => line.startsWith(`${what} `)).map((line) => line.slice(what.length + 1));
  return { begun: noted("begun"), passed: noted("passed"), failed: noted("failed"), error };
}

await main(() => {
  const listed = output("vitest", ["list", "--filesOnly", "--json", ...project, ...process.argv.slice(2)]);
  if (listed === undefined) throw new Error("the tests for WebKit could not be listed");
  let files = JSON.parse(listed).map(({ file }) => file);
  const tries = new Map();
  const failures = [];
  while (files.length > 0) {
    const { begun, passed, failed, error } = play(files);
    failures.push(...failed);
    const left = files.filter((file) => !passed.includes(file) && !failed.includes(file));
    if (left.length === 0) break;
    const lost = left.filter((file) => begun.includes(file));
    // The browser can't even be started.
    if (lost.length === 0) throw error ?? new Error(`${left.length} files were not run`);
    for (const file of lost) tries.set(file, (tries.get(file) ?? 0) + 1);
    const isGivenUp = (file) => tries.get(file) === TRIES;
    failures.push(...left.filter(isGivenUp));
    files = left.filter((file) => !isGivenUp(file));
  }
  if (failures.length > 0) throw new Error(`in WebKit failed, or took the browser along:\n${failures.join("\n")}`);
});
