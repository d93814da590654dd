// Breaks src/facade in thousands of places at once, each break behind a switch: active.mjs says which of them is on.
import { existsSync, readdirSync, readFileSync, writeFileSync } from "node:fs";
import { extname, join, relative } from "node:path";
import { createInstrumenter } from "@stryker-mutator/instrumenter";
import { createInjector } from "typed-inject";
import { nothingBroken } from "./active.mjs";

/** Messages are for people to read: tests ask for parts of them, and what else they say is no rule. */
const excludedMutations = ["StringLiteral"];

/** Where what each broken file begins with looks up which break is on. */
const global = "g.__stryker__ || (g.__stryker__ = {})";

/** What bundlers read and look for as it is written. */
const readByBundlers = {
  name: "read-by-bundlers",
  shouldIgnore: ({ node: { type, callee } }) =>
    type === "NewExpression" && /^(URL|Worker|SharedWorker)$/.test(callee.name) ? "bundlers read it" : undefined,
};

/** For esbuild: hands out the broken texts, and writes into `list` what was broken where. */
export function mutants(facade, list) {
  return {
    name: "mutants",
    async setup({ onLoad, onResolve }) {
      const names = readdirSync(facade, { recursive: true }).filter((name) => /\.tsx?$/.test(name));
      const paths = names.sort().map((name) => join(facade, name));
      const sources = new Map(paths.map((path) => [path, readFileSync(path, "utf8")]));
      const { files, mutants } = await broken(sources);
      const texts = new Map(files.map(({ name, content }) => [name, content]));
      const real = mutants.filter(({ status }) => status !== "Ignored");
      writeFileSync(list, JSON.stringify(named(real, facade, sources)));
      onResolve({ filter: /^active-mutant$/ }, () => ({ path: "it", namespace: "active-mutant" }));
      onLoad({ filter: /./, namespace: "active-mutant" }, () => ({ contents: nothingBroken }));
      onLoad({ filter: /[\\/]src[\\/]facade[\\/].+\.tsx?$/ }, ({ path }) => {
        // Taken from a module instead of from a global, it is there before any file of the facade runs.
        const contents = `import { stryker } from "active-mutant";\n${texts.get(path).replace(global, "stryker")}`;
        return { contents, loader: extname(path).slice(1) };
      });
    },
  };
}

function broken(sources) {
  const nothing = () => {};
  const never = () => false;
  const silent = { isTraceEnabled: never, isDebugEnabled: never, trace: nothing, debug: nothing, info: nothing };
  const logger = { ...silent, warn: nothing, error: console.error, fatal: console.error };
  const injector = createInjector()
    .provideValue("logger", logger)
    .provideValue("options", {})
    .provideValue("getLogger", () => logger);
  const files = [...sources].map(([name, content]) => ({ name, content, mutate: true }));
  const options = { plugins: null, ignorers: [readByBundlers], excludedMutations, noHeader: false };
  return createInstrumenter(injector).instrument(files, options);
}

/** By what stood there and what stands there now: lines and columns are moved by any edit. */
function named(mutants, facade, sources) {
  const times = new Map();
  return mutants.map(({ id, fileName, location: { start, end }, mutatorName, replacement }) => {
    const lines = sources
      .get(fileName)
      .split("\n")
      .slice(start.line, end.line + 1);
    lines.push(lines.pop().slice(0, end.column));
    lines.unshift(lines.shift().slice(start.column));
    const file = relative(facade, fileName).replaceAll("\\", "/");
    const name = `${file}: ${mutatorName}: ${inALine(lines.join("\n"))} → ${inALine(replacement)}`;
    const nth = (times.get(name) ?? 0) + 1;
    times.set(name, nth);
    const where = { room: roomOf(file, facade), file, line: start.line + 1 };
    return { id, name: nth === 1 ? name : `${name} (${nth})`, ...where, code: lines.join("\n") };
  });
}

const inALine = (code) => code.replace(/\s+/g, " ").replace(/^(.{80}).+$/, "$1…");

/** An entry belongs to the room that is called as it is; what lies beside the rooms to the main entry's. */
function roomOf(file, facade) {
  const room = { "worker-pool.ts": "pool", "queue-client.ts": "runner" }[file] ?? file.replace(/\.ts$|\/.*$/, "");
  return existsSync(join(facade, room)) ? room : "manager";
}
