import { pathToFileURL } from "node:url";

const [what, file, options] = process.argv.slice(2);
const url = pathToFileURL(file).href;

async function runCase() {
  const { runCase } = await import(new URL("../harness.js", url).href);
  return runCase(await import(url), JSON.parse(options));
}

async function coldStart() {
  const began = performance.now();
  const { first } = await import(url);
  await first;
  return performance.now() - began;
}

const value = await (what === "case" ? runCase() : coldStart());
// Timers of contenders that have nothing more to do must not keep the process.
process.send({ value }, () => process.exit(0));
