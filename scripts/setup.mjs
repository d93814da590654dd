// Installs what is missing to build and serve (--for=start) or to test as well (--for=test, the default).
// Uses nothing but Node itself, since node_modules may be what is missing.
import { existsSync, readFileSync, rmSync, statSync } from "node:fs";
import { delimiter, join } from "node:path";
import { chromePath, firefoxPath, shellPath, webkitDriverPath } from "./browsers.mjs";
import { main, output, root, run } from "./run.mjs";

const onPath = (program) => process.env.PATH.split(delimiter).some((folder) => existsSync(join(folder, program)));
const read = (...path) => readFileSync(join(root, ...path), "utf8");

// The wasm-bindgen tool and library must be of one version: the one in Cargo.lock.
const wasmBindgen = /name = "wasm-bindgen"\nversion = "(.+)"/.exec(read("Cargo.lock"))[1];

const sysroot = output("rustc", ["--print", "sysroot"]);
const inSysroot = (...path) => sysroot !== undefined && existsSync(join(sysroot, ...path));

// npm notes in node_modules what it has installed: that note must be no older than the lock file.
function npmInstalled(folder) {
  const note = join(root, folder, "node_modules", ".package-lock.json");
  const lock = join(root, folder, "package-lock.json");
  return existsSync(note) && statSync(note).mtimeMs >= statSync(lock).mtimeMs;
}

/** One line a thing: what it is, whether it is there, how it is installed here and elsewhere. */
const forStart = [
  {
    what: "Rust",
    present: () => sysroot !== undefined && onPath("cargo"),
    byHand: "install it from https://rustup.rs and open a new terminal",
  },
  {
    what: "a C compiler, which Rust links with",
    present: () => onPath("cc"),
    apt: ["gcc", "libc6-dev"],
    byHand: "install gcc or clang (on macOS: xcode-select --install)",
  },
  {
    what: "Rust's WebAssembly target",
    present: () => inSysroot("lib", "rustlib", "wasm32-unknown-unknown"),
    rustup: ["target", "add", "wasm32-unknown-unknown"],
    byHand: "rustup target add wasm32-unknown-unknown",
  },
  {
    what: `wasm-bindgen ${wasmBindgen}`,
    present: () => output("wasm-bindgen", ["--version"]) === `wasm-bindgen ${wasmBindgen}`,
    cargo: `wasm-bindgen-cli@${wasmBindgen}`,
  },
  { what: "the npm packages", present: () => npmInstalled("."), npm: "." },
];

const forTest = [
  {
    what: "clippy and rustfmt",
    present: () => onPath("cargo-clippy") && onPath("cargo-fmt"),
    rustup: ["component", "add", "clippy", "rustfmt"],
    byHand: "rustup component add clippy rustfmt",
  },
  {
    what: `Chrome or Chromium (looked for ${chromePath})`,
    present: () => existsSync(chromePath),
    apt: process.env.CHROME_PATH ? undefined : ["chromium"],
    byHand: "install it, or set CHROME_PATH to its program",
  },
  {
    what: "chromedriver",
    present: () => Boolean(process.env.CHROMEDRIVER) || onPath("chromedriver"),
    apt: ["chromium-driver"],
    byHand: "install the one of your Chrome's version, on PATH or named in CHROMEDRIVER",
  },
  {
    what: `Firefox (looked for ${firefoxPath})`,
    present: () => existsSync(firefoxPath),
    apt: process.env.FIREFOX_PATH ? undefined : ["firefox-esr"],
    byHand: "install it, or set FIREFOX_PATH to its program",
  },
  {
    what: "redis-server",
    present: () => Boolean(process.env.REDIS_SERVER) || onPath("redis-server"),
    apt: ["redis-server"],
    byHand: "install Redis 7 or Valkey, or set REDIS_SERVER to its program",
  },
  { what: "wasm-pack", present: () => onPath("wasm-pack"), cargo: "wasm-pack@0.15.1" },
  {
    what: "geckodriver",
    present: () => Boolean(process.env.GECKODRIVER) || onPath("geckodriver"),
    cargo: "geckodriver@0.37.1",
  },
  {
    what: "the npm packages of the benchmark's peers",
    present: () => npmInstalled("tests/bench"),
    npm: "tests/bench",
  },
  {
    what: "the bundlers that the package is tried in",
    present: () => npmInstalled("tests/packaging/bundlers"),
    npm: "tests/packaging/bundlers",
  },
];

// WebKitGTK, Safari's engine, is there for Linux alone: elsewhere the tests go without.
const forWebkit = [
  {
    what: `WebKitGTK's driver (looked for ${webkitDriverPath})`,
    present: () => existsSync(webkitDriverPath),
    apt: process.env.WEBKIT_DRIVER ? undefined : ["webkit2gtk-driver"],
    byHand: "install WebKitGTK with its WebKitWebDriver, which is for Linux, or set WEBKIT_DRIVER to its program",
  },
  {
    what: "xvfb-run, which gives WebKit a display",
    present: () => onPath("xvfb-run"),
    apt: ["xvfb", "xauth"],
    byHand: "install Xvfb",
  },
];

// Without it tests do the same, and take longer.
const shell = { present: () => existsSync(shellPath), apt: ["chromium-headless-shell"] };

const osRelease = existsSync("/etc/os-release") ? readFileSync("/etc/os-release", "utf8") : "";
const isDebian = /^ID=debian$/m.test(osRelease);
const canUseApt = isDebian && process.getuid() === 0;

/** Whether this script can install the thing on this system. */
const installable = ({ apt, rustup, cargo, npm }) => (apt && canUseApt) || (rustup && onPath("rustup")) || cargo || npm;

function explain(missing) {
  const lines = missing.map(({ what, apt, byHand }) => {
    const aptLine = apt && isDebian ? `as root: apt-get install ${apt.join(" ")}` : byHand;
    return `  - ${what}: ${aptLine}`;
  });
  return `This is missing, and has to be installed by hand here:\n${lines.join("\n")}\nThen run the same command again.`;
}

function install(missing) {
  const apt = canUseApt ? missing.flatMap((thing) => thing.apt ?? []) : [];
  if (apt.length > 0) {
    const aptGet = (...args) =>
      run("apt-get", ["-o", "DPkg::Lock::Timeout=500", "-q", ...args], {
        // Without a runlevel, what is installed is not started as a service.
        env: { DEBIAN_FRONTEND: "noninteractive", RUNLEVEL: "1" },
      });
    aptGet("update");
    aptGet("install", "-y", "--no-install-recommends", ...apt);
  }
  for (const { rustup } of missing) if (rustup) run("rustup", rustup);
  const cargo = missing.flatMap((thing) => thing.cargo ?? []);
  if (cargo.length > 0) {
    console.log("Building Rust tools takes some minutes, once.");
    // Unoptimised tools do the same work and are built in a third of the time.
    const target = join(root, "build", "tools");
    const env = { CARGO_PROFILE_DEV_DEBUG: "0", CARGO_TARGET_DIR: target };
    run("cargo", ["install", "--debug", "--force", ...cargo], { env });
    rmSync(target, { recursive: true, force: true });
  }
  for (const { npm } of missing) {
    if (npm) run("npm", ["ci"], { cwd: join(root, npm) });
  }
}

/** Where it can be had; a system that knows no such package goes without. */
function installShell() {
  if (!canUseApt || process.env.CHROME_PATH || shell.present()) return;
  try {
    install([shell]);
  } catch (error) {
    console.log(`Without Chromium's headless shell tests take longer: ${error.message}`);
  }
}

main(() => {
  const isForTest = !process.argv.includes("--for=start");
  const forAllTests = process.platform === "linux" ? [...forTest, ...forWebkit] : forTest;
  const wanted = isForTest ? [...forStart, ...forAllTests] : forStart;
  const missing = wanted.filter((thing) => !thing.present());
  if (missing.length > 0) {
    const byHand = missing.filter((thing) => !installable(thing));
    if (byHand.length > 0) throw new Error(explain(byHand));
    console.log(`Installing what is missing: ${missing.map(({ what }) => what).join(", ")}.`);
    install(missing);

    const still = missing.filter((thing) => !thing.present());
    if (still.length > 0) throw new Error(explain(still));
    console.log("Everything needed is installed.");
  }
  if (isForTest) installShell();
});
