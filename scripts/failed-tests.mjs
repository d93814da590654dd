// A reporter for Vitest: writes each failure as a line into the file that FAILED_TESTS names, to be told again where all
// steps of the tests are over. Long logs are often cut in their middle.
import { appendFileSync } from "node:fs";
import { stripVTControlCharacters } from "node:util";

/** What went wrong and where, in a line: a browser's driver says only below the first what it waited for. */
function tellIn(error) {
  const said = stripVTControlCharacters(error.message)
    .split("\n")
    .map((line) => line.trim())
    .filter(Boolean);
  const where = error.stacks?.find(({ file }) => !file.includes("node_modules"));
  return `${said.join(" | ").slice(0, 600)}${where ? ` (${where.file}:${where.line})` : ""}`;
}

export default class FailedTests {
  onTestRunEnd(modules, unhandled) {
    // A part of the tests, by hand: there is no end to tell it at.
    if (process.env.FAILED_TESTS === undefined) return;
    const lines = unhandled.map((error) => `outside a test: ${tellIn(error)}`);
    for (const module of modules) {
      const where = `${module.project.name}, ${module.relativeModuleId}`;
      const tell = (name, errors) => lines.push(...errors.map((error) => `${where}${name}: ${tellIn(error)}`));
      tell("", module.errors());
      for (const suite of module.children.allSuites()) tell(`, ${suite.fullName}`, suite.errors());
      for (const test of module.children.allTests("failed")) tell(`, ${test.fullName}`, test.result().errors);
    }
    appendFileSync(process.env.FAILED_TESTS, lines.map((line) => `${line}\n`).join(""));
  }
}
