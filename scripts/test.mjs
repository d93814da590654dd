// `npm test` runs the steps in order; `node scripts/test.mjs facade types` only those named.
// What is missing is installed first. One step that fails does not keep the rest from running, nor does one that hangs:
// each has about five times what it takes on two busy cores.
import { existsSync, mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { webdriverEnv, webkitDriverPath } from "./browsers.mjs";
import { allOf, main, runBeside, run as runCommand } from "./run.mjs";

const wasm = ["--target", "wasm32-unknown-unknown"];
const denyWarnings = ["--", "-D", "warnings"];
/** Cargo runs tests in WebAssembly by wasm-bindgen's runner. */
const inWasm = { CARGO_TARGET_WASM32_UNKNOWN_UNKNOWN_RUNNER: "wasm-bindgen-test-runner" };
const reporters = ["--reporter", "default", "--reporter", "./scripts/failed-tests.mjs"];
const rustApi = ["--test", "browser", "--test", "browser-worker"];

/** How a step runs what it runs, within its time. */
class Tools {
  constructor(minutes, prints) {
    this.deadline = Date.now() + minutes * 60_000;
    this.prints = prints;
  }

  run(command, args, options) {
    const minutes = Math.max(1, Math.round((this.deadline - Date.now()) / 60_000));
    return runBeside(command, args, { minutes, prints: this.prints, ...options });
  }

  /** Lists of commands at once, where one by itself leaves a core idle; in each, one that fails is the last. */
  sideBySide(...lists) {
    const inTurn = async (commands) => {
      for (const [command, args] of commands) await this.run(command, args, { prints: false });
    };
    return allOf(lists.map(inTurn));
  }

  vitest(...projects) {
    return this.run("vitest", ["run", ...reporters, ...projects.flatMap((name) => ["--project", name])]);
  }
}

const steps = {
  pack: {
    title: "Build and pack the package",
    minutes: 25,
    work: (tools) => tools.run("node", ["scripts/pack.mjs"]),
  },
  check: {
    title: "Types, lints and formatting",
    minutes: 25,
    work: (tools) =>
      tools.sideBySide(
        [
          ["tsc", ["-p", "tsconfig.json"]],
          ["tsc", ["-p", "tsconfig.server.json"]],
          ["tsc", ["-p", "tsconfig.tests.json"]],
          ["tsc", ["-p", "www/tsconfig.json"]],
          ["biome", ["check", "--error-on-warnings"]],
          ["node", ["scripts/rust-modules.mjs"]],
          ["node", ["scripts/licences.mjs"]],
          ["depcruise", ["--config", ".dependency-cruiser.mjs", "src/facade"]],
        ],
        [
          ["cargo", ["fmt", "--check"]],
          ["cargo", ["clippy", "--all-targets", ...denyWarnings]],
          ["cargo", ["clippy", "--all-targets", ...wasm, ...denyWarnings]],
          ...["npm", "npm-runner", "npm-builtins", "npm-agents", "npm-pool", "npm-shared", "npm-service-worker"].map(
            (feature) => [
              "cargo",
              ["clippy", "--lib", "--features", `${feature},test-panic`, ...wasm, ...denyWarnings],
            ],
          ),
        ],
      ),
  },
  engine: {
    title: "The engine, native and in WebAssembly",
    minutes: 20,
    // One core is enough for it, and for packing, most of the time.
    beside: "pack",
    work: async (tools) => {
      await tools.run("cargo", ["test"]);
      await tools.run("cargo", ["test", ...wasm, "--test", "engine"], { env: inWasm });
    },
  },
  browser: {
    title: "The Rust API in pages and workers of Chromium and Firefox",
    minutes: 25,
    work: async (tools) => {
      for (const browser of ["chrome", "firefox"]) {
        const test = ["test", "--headless", `--${browser}`, "--", ...rustApi];
        await tools.run("wasm-pack", test, { env: webdriverEnv(browser) });
      }
      await tools.run("cargo", ["test", "--doc", ...wasm], { env: inWasm });
    },
  },
  facade: {
    title: "The npm API from the packed package, in Chromium and Firefox; in Node hostile values and worker threads",
    minutes: 30,
    work: (tools) => tools.vitest("facade", "node", "react-18", "react-19"),
  },
  server: {
    title: "Queues on servers: a real Redis, real processes, real sockets",
    minutes: 25,
    // They wait, most of the time.
    beside: "packaging",
    work: (tools) => tools.vitest("server"),
  },
  types: {
    title: "Programs that must and must not type-check; the guides' code; what each entry declares",
    minutes: 10,
    work: (tools) =>
      tools.sideBySide(
        [
          ["node", ["scripts/api-report.mjs"]],
          ["tsc", ["-p", "tests/types/tsconfig.nodenext.json"]],
          ["tsc", ["-p", "tests/types/es2020/tsconfig.json"]],
        ],
        [
          ["tsc", ["-p", "tests/types/tsconfig.json"]],
          ["tsc", ["-p", "tests/guides/tsconfig.json"]],
        ],
      ),
  },
  packaging: {
    title: "The tarball in each kind of consumer, and its size",
    minutes: 25,
    work: (tools) => tools.vitest("packaging"),
  },
  e2e: {
    title: "The demo page in Chromium and Firefox",
    minutes: 40,
    work: (tools) => tools.vitest("e2e"),
  },
  shared: {
    title: "The shared queue in several tabs of Chromium and Firefox, with real faults",
    minutes: 25,
    work: (tools) => tools.vitest("shared"),
  },
  bench: {
    title: "The benchmark, quick",
    minutes: 20,
    // Nothing is judged by its time.
    beside: "webkit",
    work: (tools) => tools.run("node", ["--test", "tests/bench/quick.test.mjs"]),
  },
  docs: {
    title: "Guides and API reference, without warnings or dead links",
    minutes: 10,
    work: async (tools) => {
      await tools.run("node", ["scripts/docs.mjs", "--strict"]);
      await tools.run("cargo", ["doc", "--no-deps", ...wasm], { env: { RUSTDOCFLAGS: "-Dwarnings" } });
    },
  },
  webkit: {
    title: "The Rust API, the npm API from the packed package and the demo's main pages in WebKit",
    minutes: 40,
    // WebKitGTK, Safari's engine, is there for Linux alone.
    platform: "linux",
    work: async (tools) => {
      const driver = ["--safari", "--safaridriver", webkitDriverPath];
      // WebKit has no headless mode of its own: it gets a display.
      await tools.run("xvfb-run", ["-a", "wasm-pack", "test", "--headless", ...driver, "--", ...rustApi], {
        env: webdriverEnv("safari"),
      });
      await tools.run("node", ["scripts/webkit-tests.mjs"]);
      await tools.vitest("webkit-pages");
    },
  },
};

// The engine's and the Rust API's tests are the only ones that do without the package.
const alone = ["pack", "engine", "browser"];

function banner(text) {
  console.log(`\n━━━ ${text} ${"━".repeat(Math.max(3, 92 - text.length))}\n`);
}

const isForHere = (name) => [undefined, process.platform].includes(steps[name].platform);

/** Runs one step; tells whether it passed and how long it took. Beside another it tells what it printed at its end. */
async function attempt(name, isBeside = false) {
  banner(`${name}: ${steps[name].title}`);
  const start = performance.now();
  let passed = true;
  try {
    await steps[name].work(new Tools(steps[name].minutes, !isBeside));
  } catch (error) {
    passed = false;
    console.error(`\n✗ ${error.message}`);
  }
  return { name, passed, seconds: Math.round((performance.now() - start) / 1000) };
}

await main(async () => {
  const named = process.argv.slice(2);
  for (const name of named) {
    if (!steps[name]) throw new Error(`no step "${name}"; there are: ${Object.keys(steps).join(", ")}`);
  }
  runCommand("node", ["scripts/setup.mjs"]);

  // Browsers leave folders behind in the temporary folder: they get one that goes when the tests are over.
  const temporary = mkdtempSync(join(tmpdir(), "jobgate-test-"));
  process.env.TMPDIR = temporary;
  process.env.FAILED_TESTS = join(temporary, "failed-tests");
  // What a debugger would want is most of what is built for WebAssembly, and the tests' runner reads and writes all of it.
  process.env.CARGO_PROFILE_DEV_DEBUG ??= "0";

  const needPackage = named.some((name) => !alone.includes(name));
  const wanted = named.length === 0 ? Object.keys(steps) : [...new Set([...(needPackage ? ["pack"] : []), ...named])];
  const outcomes = [];
  for (const name of wanted) {
    const { platform = process.platform, beside } = steps[name];
    if (!isForHere(name)) {
      banner(`${name}: not run, since what it needs is there for ${platform} alone`);
      continue;
    }
    if (wanted.includes(beside) && isForHere(beside)) continue;
    const others = wanted.filter((other) => steps[other].beside === name);
    outcomes.push(...(await Promise.all([attempt(name), ...others.map((other) => attempt(other, true))])));
    if (outcomes.some((outcome) => outcome.name === "pack" && !outcome.passed)) break;
  }
  const failedTests = existsSync(process.env.FAILED_TESTS) ? readFileSync(process.env.FAILED_TESTS, "utf8") : "";
  rmSync(temporary, { recursive: true, force: true, maxRetries: 5, retryDelay: 200 });

  banner("Summary");
  for (const { name, passed, seconds } of outcomes) {
    console.log(`${passed ? "✓" : "✗"} ${name.padEnd(10)} ${String(seconds).padStart(4)} s  ${steps[name].title}`);
  }
  if (failedTests !== "") console.log(`\n${failedTests}`);
  const failed = outcomes.filter(({ passed }) => !passed).length;
  console.log(`\n${outcomes.length - failed} passed, ${failed} failed`);
  if (failed > 0) process.exitCode = 1;
});
