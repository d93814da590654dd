// Builds the package: Rust → WebAssembly → JavaScript. Steps whose inputs are the same as last time are left out.
//   node scripts/build.mjs                   dist/, what is published
//   node scripts/build.mjs --flavour=panic   build/dist-panic/, whose binaries export `__panic` for the tests
//   node scripts/build.mjs --flavour=mutants and =mutants-panic: the same in build/mutants/facade/, for the facade's mutants
import { createHash } from "node:crypto";
import {
  appendFileSync,
  cpSync,
  existsSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  rmSync,
  writeFileSync,
} from "node:fs";
import { homedir } from "node:os";
import { dirname, join, relative } from "node:path";
import { fileURLToPath } from "node:url";
import { parseArgs } from "node:util";
import { packBytes, rareness } from "./pack-bytes.mjs";
import { allOf, main, output, root, runBeside as run } from "./run.mjs";

/**
 * Of the main entry, and of single entries so that the main entry does not carry them: `npm-runner` → build/wasm-runner/.
 * Measured, gzip: core 32 KB, runner 28 KB, built-in types 25 KB. What two have in common (memory, texts, panics) takes
 * about 10 KB; one for all would cost who uses only the manager all of it, and would make the engine's calls slower.
 */
const binaries = [
  // Measured: as small with -O3 as with -Oz, and calls are up to a fifth quicker. The rules say themselves what is to be
  // inlined; what LLVM would add to that by itself made the binary a fifth larger. Below 60 calls became slower.
  { entry: "index", feature: "npm", wasm: "build/wasm", name: "jobgate", level: "-O3", rust: "2", inlining: 60 },
  ...[
    { name: "runner", entry: "runner" },
    // No entry's own: loaded when the first of the built-in types starts, by a page or by a pool's worker.
    { name: "builtins" },
    { name: "agents", entry: "agents" },
    { name: "pool", entry: "worker-pool" },
    { name: "shared", entry: "shared" },
    { name: "service-worker", entry: "service-worker" },
  ].map(({ name, entry }) => ({
    entry,
    feature: `npm-${name}`,
    wasm: `build/wasm-${name}`,
    name,
    level: "-Oz",
    // Their calls are few: small counts more than fast.
    rust: "z",
  })),
];

const path = (name) => join(root, name);

// One that is no entry's exports nothing.
const ofEntries = binaries.filter(({ entry }) => entry !== undefined);

/** What is broken is the facade, around the engines of the flavour with that suffix, built before. */
const mutantsOf = (suffix, binaries) => ({
  suffix,
  binaries,
  isBuilt: true,
  dist: `build/mutants/facade/packed${suffix}/node_modules/jobgate/dist`,
  inputs: ["tests/mutants/instrument.mjs", "tests/mutants/active.mjs", "tests/mutants/package-lock.json"],
  plugins: async () => {
    const { mutants } = await import("../tests/mutants/instrument.mjs");
    return [mutants(path("src/facade"), path("build/mutants/facade/mutants.json"))];
  },
});

const flavours = {
  release: { suffix: "", features: [], dist: "dist", binaries },
  panic: {
    suffix: "-panic",
    features: ["test-panic"],
    dist: "build/dist-panic",
    binaries: ofEntries,
  },
  mutants: mutantsOf("", []),
  "mutants-panic": mutantsOf("-panic", ofEntries),
};

/** What every browser of the floor that README states can do; wasm-opt refuses what is not named. */
const wasmFeatures = ["bulk-memory", "nontrapping-float-to-int", "sign-ext"];
const optimise = [
  ...["--strip-debug", "--strip-producers", "--strip-target-features"],
  ...wasmFeatures.map((feature) => `--enable-${feature}`),
];

const filesOf = (name) =>
  readdirSync(path(name), { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile())
    .map((entry) => relative(root, join(entry.parentPath, entry.name)))
    .sort();

/** Does the work unless it was done before with the same inputs, by the same tool, and its product is still there. */
async function step(name, { inputs, tool = "", product, work }) {
  const hash = createHash("sha256")
    .update(readFileSync(fileURLToPath(import.meta.url)))
    .update(tool);
  for (const input of inputs) hash.update(input).update(readFileSync(path(input)));
  const digest = hash.digest("hex");
  const stamp = path(`build/stamps/${name}`);
  const done = existsSync(stamp) && readFileSync(stamp, "utf8") === digest;
  if (done && existsSync(path(product))) return;

  // What breaks off half-way was not done.
  rmSync(stamp, { force: true });
  await work();
  mkdirSync(dirname(stamp), { recursive: true });
  writeFileSync(stamp, digest);
}

/** What Cargo makes a binary of. */
const crate = () => [...filesOf("src").filter((name) => name.endsWith(".rs")), "Cargo.toml", "Cargo.lock"];

/**
 * The cdylib as rustc leaves it, copied aside: all share Cargo's output file, so that to Cargo each is new whenever it was
 * another's turn before.
 */
async function compileRust({ feature, wasm, rust, inlining }, compiled, features) {
  const target = "wasm32-unknown-unknown";
  const flags = [`-Ctarget-feature=-${unwanted.join(",-")}`, `--remap-path-prefix=${homedir()}=~`];
  if (inlining !== undefined) flags.push(`-Cllvm-args=-inline-threshold=${inlining}`);
  await run("cargo", ["build", "--release", "--lib", "--target", target, "--features", [feature, ...features].join()], {
    env: {
      CARGO_PROFILE_RELEASE_OPT_LEVEL: rust,
      CARGO_ENCODED_RUSTFLAGS: flags.join("\x1f"),
    },
  });
  mkdirSync(path(wasm), { recursive: true });
  const targetDir = process.env.CARGO_TARGET_DIR ?? path("target");
  cpSync(join(targetDir, target, "release", "jobgate.wasm"), path(compiled));
  forbidUnwanted(compiled);
}

/** In WebKit of Safari 16.0 a table of references ceases to grow: there, 72 objects handed out were the end. */
const unwanted = ["reference-types", "multivalue"];

/** wasm-bindgen uses what the binary says it may use, and Rust's own library, compiled beforehand, allows it all. */
function forbidUnwanted(compiled) {
  const binary = readFileSync(path(compiled));
  for (const feature of unwanted) {
    const entry = Buffer.from([feature.length, ...Buffer.from(feature)]);
    const at = binary.lastIndexOf(entry) - 1;
    if (binary.toString("latin1", at, at + 1) !== "+") throw new Error(`${compiled} does not say +${feature}`);
    binary.write("-", at, "latin1");
  }
  writeFileSync(path(compiled), binary);
}

/** wasm-bindgen's glue, the optimised wasm, and the same as text to be inlined. */
async function bindWasm(compiled, { wasm, name, level }) {
  await run("wasm-bindgen", [
    ...["--target", "web", "--out-name", name, "--out-dir", wasm],
    // Without it bundlers see `new URL("jobgate_bg.wasm", …)` and ship the file a second time.
    "--omit-default-module-path",
    compiled,
  ]);
  keepFirst(`${wasm}/${name}.js`);
  const binary = `${wasm}/${name}_bg.wasm`;
  await run("wasm-opt", [level, ...optimise, "-o", binary, binary]);
  const bytes = readFileSync(path(binary));
  if (bytes.includes(homedir())) throw new Error(`${binary} names a folder of this machine: ${homedir()}`);
  exportDefault(`${wasm}/inline`, packBytes(bytes));
}

/** Whoever cannot wait may have started it while another waits for it to be loaded: the glue would put a second in its place. */
function keepFirst(glue) {
  const code = readFileSync(path(glue), "utf8");
  const loaded = /^ *const \{ instance, module \} = await __wbg_load\(.*$/m;
  if (!loaded.test(code)) throw new Error(`${glue} does not say where it is loaded`);
  writeFileSync(path(glue), code.replace(loaded, "$&\n    if (wasm !== undefined) return wasm;"));
}

/** A module and its types. */
function exportDefault(name, value) {
  const types = (given) =>
    typeof given === "object" ? `{ ${Object.entries(given).map(typed).join(" ")} }` : typeof given;
  const typed = ([field, given]) => `${field}: ${types(given)};`;
  mkdirSync(dirname(path(name)), { recursive: true });
  writeFileSync(path(`${name}.js`), `export default ${JSON.stringify(value)};\n`);
  writeFileSync(path(`${name}.d.ts`), `declare const value: ${types(value)};\nexport default value;\n`);
}

/** What unpacks them in the browser. */
async function assembleUnpack() {
  const binary = "build/unpack/code.wasm";
  mkdirSync(dirname(path(binary)), { recursive: true });
  await run("wasm-as", ["scripts/unpack.wat", "-o", binary]);
  await run("wasm-opt", ["-Oz", "-o", binary, binary]);
  exportDefault("build/unpack/code", { code: readFileSync(path(binary)).toString("base64"), rareness });
}

/** The entries that package.json exports: `./dist/slim.js` is `src/facade/slim.ts`. */
function entryNames() {
  const { exports } = JSON.parse(readFileSync(path("package.json"), "utf8"));
  const files = Object.values(exports).map((target) => target.default ?? target);
  return files.flatMap((file) => /^\.\/dist\/(.+)\.js$/.exec(file)?.[1] ?? []);
}

/** The validator's library takes only patterns of Unicode mode, and has no option for others. */
const schemaPatterns = {
  name: "schema-patterns",
  setup: ({ onLoad }) =>
    onLoad({ filter: /@cfworker[\\/]json-schema[\\/]dist[\\/]esm[\\/]validate\.js$/ }, ({ path: file }) => ({
      contents: `import { SchemaRegExp as RegExp } from ${JSON.stringify(path("src/facade/agents/schema-reg-exp.ts"))};\n${readFileSync(file, "utf8")}`,
      resolveDir: dirname(file),
    })),
};

/** One ES module an entry, and one chunk with the engine that all of them share. */
async function bundle({ suffix, dist, binaries, plugins }) {
  const { build } = await import("esbuild");
  const entries = Object.fromEntries(entryNames().map((name) => [name, `src/facade/${name}.ts`]));
  for (const { entry, wasm, name } of suffix === "" ? [] : binaries) {
    entries[entry] = `build/panic-${entry}.ts`;
    const lines = [`export * from "../src/facade/${entry}.js";`, `export { __panic } from "../${wasm}/${name}.js";`];
    writeFileSync(path(entries[entry]), lines.join("\n"));
  }
  rmSync(path(dist), { recursive: true, force: true });
  await build({
    absWorkingDir: root,
    entryPoints: entries,
    outdir: dist,
    bundle: true,
    splitting: true,
    format: "esm",
    target: "es2022",
    charset: "utf8",
    legalComments: "none",
    external: ["react", "bullmq", "ioredis", "ws", "node:*"],
    logLevel: "warning",
    plugins: [
      ...((await plugins?.()) ?? []),
      schemaPatterns,
      {
        name: "flavour",
        setup: ({ onResolve }) =>
          onResolve({ filter: /\/build\/wasm/ }, (imported) => {
            const file = join(imported.resolveDir, imported.path);
            const [folder] = /build\/wasm[^/]*/.exec(file);
            const isBuilt = binaries.some(({ wasm }) => wasm === folder);
            return { path: isBuilt ? file.replace(folder, `${folder}${suffix}`) : file };
          }),
      },
    ],
  });
  cpSync(path(`build/wasm${suffix}/jobgate_bg.wasm`), path(`${dist}/jobgate.wasm`));
}

/** The declarations that the entries reach; one that reaches the generated glue would break for users. */
async function declare({ suffix, dist, binaries: exported }) {
  await step("types", {
    inputs: [...binaries.map(({ wasm, name }) => `${wasm}/${name}.d.ts`), ...sources()],
    product: "build/types",
    work: () => {
      rmSync(path("build/types"), { recursive: true, force: true });
      return run("tsc", ["-p", "tsconfig.build.json"]);
    },
  });
  const entries = entryNames().map((name) => `${name}.d.ts`);
  const reached = new Set(entries);
  for (const file of reached) {
    const text = readFileSync(path(`build/types/${file}`), "utf8");
    for (const [, imported] of text.matchAll(/(?:from |import\()"(\.[^"]+)"/g)) {
      const target = join(dirname(file), imported).replace(/\.js$/, ".d.ts");
      if (target.startsWith("..")) throw new Error(`${file}: the public types reach ${imported}`);
      reached.add(target);
    }
    mkdirSync(dirname(path(`${dist}/${file}`)), { recursive: true });
    // The types name Symbol.asyncDispose, which many a project's `lib` does not have.
    const library = entries.includes(file) ? '/// <reference lib="esnext.disposable" />\n' : "";
    writeFileSync(path(`${dist}/${file}`), library + text);
  }
  for (const { entry } of suffix === "" ? [] : exported) {
    appendFileSync(path(`${dist}/${entry}.d.ts`), "export declare function __panic(): never;\n");
  }
}

const sources = () => [...filesOf("src/facade"), "package.json", "tsconfig.json", "tsconfig.build.json"];

/** The JavaScript that comes of binaries. */
const glueOf = (binaries, suffix) =>
  binaries.flatMap(({ wasm, name }) => [`${wasm}${suffix}/${name}.js`, `${wasm}${suffix}/inline.js`]);

/** Cargo compiles the next one while glue is made for this one. */
async function buildWasm({ suffix, features, binaries }) {
  const bound = [];
  const tool = output("rustc", ["--version", "--verbose"]);
  for (const binary of binaries) {
    const wasm = `${binary.wasm}${suffix}`;
    const compiled = `${wasm}/compiled.wasm`;
    await step(`${wasm.replace("build/", "")}-compiled`, {
      inputs: crate(),
      tool,
      product: compiled,
      work: () => compileRust({ ...binary, wasm }, compiled, features),
    });
    const isBound = step(wasm.replace("build/", ""), {
      inputs: [compiled, "scripts/pack-bytes.mjs"],
      product: `${wasm}/inline.js`,
      work: () => bindWasm(compiled, { ...binary, wasm }),
    });
    // Thrown where all are waited for.
    isBound.catch(() => {});
    bound.push(isBound);
  }
  await allOf(bound);
}

async function build(name) {
  const flavour = flavours[name];
  if (!flavour) throw new Error(`no flavour "${name}"; there are: ${Object.keys(flavours)}`);
  const { dist } = flavour;
  await step("unpack", {
    inputs: ["scripts/unpack.wat", "scripts/pack-bytes.mjs"],
    product: "build/unpack/code.js",
    work: assembleUnpack,
  });
  if (!flavour.isBuilt) await buildWasm(flavour);
  // Of the published flavour, built before.
  const others = binaries.filter((binary) => !flavour.binaries.includes(binary));
  const glue = [...glueOf(flavour.binaries, flavour.suffix), ...glueOf(others, "")];
  await step(`${name}-dist`, {
    inputs: ["build/unpack/code.js", ...glue, ...sources(), ...(flavour.inputs ?? [])],
    product: `${dist}/index.d.ts`,
    work: async () => {
      await bundle(flavour);
      await declare(flavour);
    },
  });
}

const { values } = parseArgs({ options: { flavour: { type: "string", default: "release" } } });
await main(() => build(values.flavour));
