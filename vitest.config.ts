import { join } from "node:path";
import { playwright } from "@vitest/browser-playwright";
import type { Plugin } from "vite";
import { defineConfig } from "vitest/config";
import { launchOptions } from "./scripts/browsers.mjs";
import { webkitProvider } from "./scripts/webkit-provider.mjs";
import { modelSite } from "./tests/facade/agents/support/site.ts";
import { wholePackage } from "./tests/facade/hostile/support/whole-package.ts";
import { httpSite, sharedSite } from "./tests/facade/http/support/site.ts";
import { fetchSite } from "./tests/facade/runner/support/site.ts";
import { socketSite } from "./tests/facade/runner/support/socket-site.ts";
import { extractGuides } from "./tests/guides/extract.mjs";
import { packed } from "./tests/shared/support/packed.mjs";

// The guides' code is imported by their tests.
extractGuides();

/** "jobgate" is the package as packed and "jobgate-panic" its panic flavour, each resolved through its own `exports`. */
function packedPackage(): Plugin {
  const importer = { jobgate: packed, "jobgate-panic": `${packed}-panic` };
  return {
    name: "packed-package",
    enforce: "pre",
    resolveId(source) {
      const [, name, entry] = /^(jobgate|jobgate-panic)(\/.+)?$/.exec(source) ?? [];
      if (name === undefined) return null;
      const from = join(importer[name as keyof typeof importer], "package.json");
      return this.resolve(`jobgate${entry ?? ""}`, from, { skipSelf: true });
    },
  };
}

/** Of the fuzz: `FUZZ_PROGRAMS=100000 FUZZ_SEED=7 npx vitest run --project node fuzz` goes on for longer. */
const fuzz = {
  seed: Number(process.env.FUZZ_SEED ?? 1),
  programs: Number(process.env.FUZZ_PROGRAMS ?? 300),
  /** Milliseconds; short for who looks for faults, long on a busy machine. */
  patience: Number(process.env.FUZZ_PATIENCE ?? 30_000),
};

/** After Chromium and Node. */
const fewerPrograms = { ...fuzz, programs: Number(process.env.FUZZ_PROGRAMS ?? 40) };

/**
 * What Chromium alone is asked: rules of ours, where an engine has no say, against their model; how time grows, which
 * what we keep decides.
 */
const alikeInAllEngines = ["**/*histories.test.*", "**/*growth.test.*", "**/throughput.test.*"];

/** Nor is WebKit asked, after two others, how memory grows, or the panic flavour, which no user has. */
const leftToOthers = [...alikeInAllEngines, "**/leaks*.test.*", "**/panic.test.*"];

// Anew for each project: it writes its name into them.
const chromium = () => ({
  browser: "chromium" as const,
  provider: playwright({ launchOptions: launchOptions.chromium }),
});

const firefox = () => ({
  browser: "firefox" as const,
  provider: playwright({ launchOptions: launchOptions.firefox }),
  exclude: alikeInAllEngines,
});

const webkit = { browser: "webkitgtk" as const, provider: webkitProvider() };

const reactPackages = [
  "react",
  "react/jsx-dev-runtime",
  "react-dom",
  "react-dom/client",
  "react-dom/server",
  "react-refresh/runtime",
];

const optimizeDeps = {
  // Packed anew before each run, and small: nothing to gain from a bundle of it in a cache.
  exclude: ["jobgate", "jobgate-panic"],
  include: [...reactPackages, "@tanstack/react-query"],
};

/** The hooks with the React of one major version, which every "react" is then taken for. */
function reactProject(name: string, version: "" | "18") {
  const packages = ["react", "react-dom"].map((name) => ({
    find: new RegExp(`^${name}(/.*)?$`),
    replacement: `${name}${version}$1`,
  }));
  return {
    plugins: [packedPackage()],
    resolve: { alias: version ? packages : [] },
    optimizeDeps: {
      exclude: ["jobgate", "jobgate-panic"],
      include: [...reactPackages, ...(version ? [] : ["@tanstack/react-query"])],
    },
    test: {
      ...patient,
      name,
      include: ["tests/facade/react/**/*.test.tsx", ...(version ? [] : ["tests/guides/react/**/*.test.tsx"])],
      provide: { reactMajor: Number(version) || 19 },
      browser: {
        enabled: true,
        headless: true,
        screenshotFailures: false,
        // What an older React does otherwise, it does so in each engine.
        instances: version ? [chromium()] : [chromium(), firefox()],
      },
    },
  };
}

declare module "vitest" {
  export interface ProvidedContext {
    reactMajor: number;
    fuzz: typeof fuzz;
  }
}

declare module "vitest/node" {
  interface _BrowserNames {
    webkitgtk: "webkitgtk";
  }
}

/** A busy machine takes longer than is allowed by default: a second for a poll, 15 for a test. */
const patient = { expect: { poll: { timeout: 30_000 } }, testTimeout: 60_000, hookTimeout: 60_000 };

export default defineConfig({
  test: {
    allowOnly: false,
    // Five browsers start at once, beside Node's tests: on a busy machine one takes minutes.
    browser: { connectTimeout: 300_000 },
    projects: [
      {
        plugins: [packedPackage(), wholePackage(), fetchSite(), httpSite(), sharedSite(), modelSite(), socketSite()],
        optimizeDeps: { exclude: optimizeDeps.exclude },
        test: {
          name: "facade",
          include: ["tests/facade/**/*.test.ts", "tests/guides/browser/**/*.test.ts"],
          provide: { fuzz },
          ...patient,
          browser: {
            enabled: true,
            headless: true,
            screenshotFailures: false,
            instances: [chromium(), { ...firefox(), provide: { fuzz: fewerPrograms } }],
          },
        },
      },
      {
        plugins: [packedPackage(), wholePackage(), fetchSite(), httpSite(), sharedSite(), modelSite(), socketSite()],
        optimizeDeps,
        // Its parser does not know `using` yet.
        oxc: { target: "es2022" },
        test: {
          name: "webkit",
          include: ["tests/facade/**/*.test.{ts,tsx}"],
          exclude: leftToOthers,
          provide: { fuzz: fewerPrograms, reactMajor: 19 },
          ...patient,
          browser: { enabled: true, headless: true, screenshotFailures: false, instances: [webkit] },
        },
      },
      {
        plugins: [packedPackage(), wholePackage()],
        test: {
          ...patient,
          name: "node",
          include: ["tests/facade/hostile/**/*.test.ts", "tests/node/**/*.test.ts", "tests/guides/node/**/*.test.ts"],
          provide: { fuzz },
        },
      },
      {
        plugins: [packedPackage()],
        test: {
          ...patient,
          name: "server",
          include: ["tests/server/**/*.test.ts"],
          // A test waits for other processes most of the time.
          maxWorkers: 2,
          sequence: { groupOrder: 2 },
        },
      },
      {
        test: {
          name: "soak",
          include: ["tests/soak/**/*.test.ts"],
          ...patient,
          maxWorkers: 1,
          sequence: { groupOrder: 3 },
        },
      },
      {
        plugins: [packedPackage()],
        // Figures, not rules: `npm run bench:server`.
        test: { name: "server-bench", include: ["tests/server/bench/*.bench.ts"], testTimeout: 600_000, maxWorkers: 1 },
      },
      reactProject("react-18", "18"),
      reactProject("react-19", ""),
      {
        test: {
          name: "packaging",
          include: ["tests/packaging/**/*.test.ts"],
          ...patient,
          // A test waits for bundlers and browsers a good deal of the time.
          maxWorkers: 2,
          sequence: { groupOrder: 4 },
          testTimeout: 180_000,
          hookTimeout: 300_000,
        },
      },
      {
        test: {
          name: "e2e",
          include: ["tests/e2e/**/*.test.ts"],
          globalSetup: "tests/e2e/support/site.mjs",
          ...patient,
          testTimeout: 120_000,
          // A test waits for its browser most of the time.
          maxWorkers: 4,
          sequence: { groupOrder: 1 },
        },
      },
      {
        test: {
          name: "webkit-pages",
          include: ["tests/webkit/**/*.test.ts"],
          globalSetup: "tests/e2e/support/site.mjs",
          ...patient,
          testTimeout: 120_000,
          sequence: { groupOrder: 1 },
        },
      },
      {
        test: {
          name: "shared",
          include: ["tests/shared/**/*.test.ts"],
          ...patient,
          testTimeout: 240_000,
          // Each has a browser with several tabs.
          maxWorkers: 3,
          sequence: { groupOrder: 2 },
        },
      },
    ],
  },
});
