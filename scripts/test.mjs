// `npm test` runs the steps in order, but for WebKit's; `node scripts/test.mjs facade types` only those named.
// What is missing is installed first. One step that fails does not keep the rest from running, nor does one that hangs:
// each has three times what it takes on two busy cores.
import { existsSync, mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { webdriverEnv, webkitDriverPath } from "./browsers.mjs";
import { main, run as runCommand } from "./run.mjs";

let deadline = Number.POSITIVE_INFINITY;
const run = (command, args, options) =>
  runCommand(command, args, { minutes: Math.max(1, Math.round((deadline - Date.now()) / 60_000)), ...options });

const wasm = ["--target", "wasm32-unknown-unknown"];
const reporters = ["--reporter", "default", "--reporter", "./scripts/failed-tests.mjs"];
const vitest = (...projects) =>
  run("vitest", ["run", ...reporters, ...projects.flatMap((name) => ["--project", name])]);
const wasmPack = (browser, ...args) =>
  run("wasm-pack", ["test", "--headless", `--${browser}`, ...args], { env: webdriverEnv(browser) });
const rustApi = ["--test", "browser", "--test", "browser-worker"];

const steps = {
  pack: {
    title: "Build and pack the package",
    minutes: 25,
    work: () => run("node", ["scripts/pack.mjs"]),
  },
  check: {
    title: "Types, lints and formatting",
    minutes: 20,
    work: () => {
      run("tsc", ["-p", "tsconfig.json"]);
      run("tsc", ["-p", "tsconfig.server.json"]);
      run("tsc", ["-p", "tsconfig.tests.json"]);
      run("tsc", ["-p", "www/tsconfig.json"]);
      run("biome", ["check", "--error-on-warnings"]);
      run("node", ["scripts/rust-modules.mjs"]);
      run("node", ["scripts/licences.mjs"]);
      run("depcruise", ["--config", ".dependency-cruiser.mjs", "src/facade"]);
      run("cargo", ["fmt", "--check"]);
      run("cargo", ["clippy", "--all-targets", "--", "-D", "warnings"]);
      run("cargo", ["clippy", "--all-targets", ...wasm, "--", "-D", "warnings"]);
      for (const feature of [
        "npm,test-panic",
        "npm-runner,test-panic",
        "npm-builtins,test-panic",
        "npm-agents,test-panic",
        "npm-pool,test-panic",
        "npm-shared,test-panic",
        "npm-service-worker,test-panic",
      ]) {
        run("cargo", ["clippy", "--lib", "--features", feature, ...wasm, "--", "-D", "warnings"]);
      }
    },
  },
  engine: {
    title: "The engine, native and in WebAssembly",
    minutes: 20,
    work: () => {
      run("cargo", ["test"]);
      run("wasm-pack", ["test", "--node", "--", "--test", "engine"]);
    },
  },
  browser: {
    title: "The Rust API in pages and workers of Chromium and Firefox",
    minutes: 15,
    work: () => {
      for (const browser of ["chrome", "firefox"]) {
        wasmPack(browser, "--", ...rustApi);
      }
      const runner = { CARGO_TARGET_WASM32_UNKNOWN_UNKNOWN_RUNNER: "wasm-bindgen-test-runner" };
      run("cargo", ["test", "--doc", ...wasm], { env: runner });
    },
  },
  facade: {
    title: "The npm API from the packed package, in Chromium and Firefox; in Node hostile values and worker threads",
    minutes: 30,
    work: () => vitest("facade", "node", "react-18", "react-19"),
  },
  server: {
    title: "Queues on servers: a real Redis, real processes, real sockets",
    minutes: 15,
    work: () => vitest("server"),
  },
  types: {
    title: "Programs that must and must not type-check; the guides' code; what each entry declares",
    minutes: 10,
    work: () => {
      run("node", ["scripts/api-report.mjs"]);
      run("tsc", ["-p", "tests/types/tsconfig.json"]);
      run("tsc", ["-p", "tests/types/tsconfig.nodenext.json"]);
      run("tsc", ["-p", "tests/guides/tsconfig.json"]);
    },
  },
  packaging: {
    title: "The tarball in each kind of consumer, and its size",
    minutes: 15,
    work: () => vitest("packaging"),
  },
  e2e: {
    title: "The demo page in Chromium and Firefox",
    minutes: 40,
    work: () => vitest("e2e"),
  },
  shared: {
    title: "The shared queue in several tabs of Chromium and Firefox, with real faults",
    minutes: 15,
    work: () => vitest("shared"),
  },
  bench: {
    title: "The benchmark, quick",
    minutes: 10,
    work: () => run("node", ["--test", "tests/bench/quick.test.mjs"]),
  },
  docs: {
    title: "Guides and API reference, without warnings or dead links",
    minutes: 10,
    work: () => {
      run("node", ["scripts/docs.mjs", "--strict"]);
      run("cargo", ["doc", "--no-deps", ...wasm], { env: { RUSTDOCFLAGS: "-Dwarnings" } });
    },
  },
  webkit: {
    title: "The Rust API, the npm API from the packed package and the demo's main pages in WebKit",
    minutes: 30,
    // WebKitGTK is there for Linux alone.
    onlyByName: true,
    work: () => {
      const driver = ["--safari", "--safaridriver", webkitDriverPath];
      // WebKit has no headless mode of its own: it gets a display.
      run("xvfb-run", ["-a", "wasm-pack", "test", "--headless", ...driver, "--", ...rustApi], {
        env: webdriverEnv("safari"),
      });
      run("node", ["scripts/webkit-tests.mjs"]);
      vitest("webkit-pages");
    },
  },
};

// The engine's and the Rust API's tests are the only ones that do without the package.
const alone = ["pack", "engine", "browser"];

function banner(text) {
  console.log(`\n━━━ ${text} ${"━".repeat(Math.max(3, 92 - text.length))}\n`);
}

/** Runs one step; tells whether it passed and how long it took. */
function attempt(name) {
  banner(`${name}: ${steps[name].title}`);
  const start = performance.now();
  let passed = true;
  deadline = Date.now() + steps[name].minutes * 60_000;
  try {
    steps[name].work();
  } catch (error) {
    passed = false;
    console.error(`\n✗ ${error.message}`);
  }
  return { name, passed, seconds: Math.round((performance.now() - start) / 1000) };
}

await main(() => {
  const named = process.argv.slice(2);
  for (const name of named) {
    if (!steps[name]) throw new Error(`no step "${name}"; there are: ${Object.keys(steps).join(", ")}`);
  }
  runCommand("node", ["scripts/setup.mjs", ...(named.includes("webkit") ? ["--for=webkit"] : [])]);

  // Browsers leave folders behind in the temporary folder: they get one that goes when the tests are over.
  const temporary = mkdtempSync(join(tmpdir(), "jobgate-test-"));
  process.env.TMPDIR = temporary;
  process.env.FAILED_TESTS = join(temporary, "failed-tests");

  const needPackage = named.some((name) => !alone.includes(name));
  const usual = Object.keys(steps).filter((name) => !steps[name].onlyByName);
  const wanted = named.length === 0 ? usual : [...(needPackage ? ["pack"] : []), ...named];
  const outcomes = [];
  for (const name of wanted) {
    const outcome = attempt(name);
    outcomes.push(outcome);
    if (name === "pack" && !outcome.passed) break;
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
