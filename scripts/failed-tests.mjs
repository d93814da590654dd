// A reporter for Vitest: writes each failure as a line into the file that FAILED_TESTS names, to be told again where all
// steps of the tests are over. Long logs are often cut in their middle.
import { appendFileSync } from "node:fs";

const firstLine = (error) => error.message.split("\n", 1)[0];

export default class FailedTests {
  onTestRunEnd(modules, unhandled) {
    const lines = unhandled.map((error) => `outside a test: ${firstLine(error)}`);
    for (const module of modules) {
      const where = `${module.project.name}, ${module.relativeModuleId}`;
      const tell = (name, errors) => lines.push(...errors.map((error) => `${where}${name}: ${firstLine(error)}`));
      tell("", module.errors());
      for (const suite of module.children.allSuites()) tell(`, ${suite.fullName}`, suite.errors());
      for (const test of module.children.allTests("failed")) tell(`, ${test.fullName}`, test.result().errors);
    }
    appendFileSync(process.env.FAILED_TESTS, lines.map((line) => `${line}\n`).join(""));
  }
}
