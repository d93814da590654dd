import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import type { Plugin } from "vite";

const path = join(import.meta.dirname, "../../README.md");
const guideFolder = join(import.meta.dirname, "../../docs/guides");
const bench = join(import.meta.dirname, "../../tests/bench/bench-results.json");
const id = "\0virtual:readme";

/** What the README says, for pages that say it too: its first block of code, and what each entry weighs. */
function facts() {
  const text = readFileSync(path, "utf8");
  const [, firstCode] = /```ts\n([\s\S]+?)```/.exec(text) ?? [];
  const sizes = [...text.matchAll(/^\| `(jobgate[\w/-]*)` \| ([\d.]+ KB) \| (.+) \|$/gm)].map(
    ([, entry, size, what]) => ({ entry, size, what: what?.replaceAll("`", "") }),
  );
  if (firstCode === undefined || sizes.length === 0) throw new Error("README.md has lost its first code or its sizes");
  return { firstCode, sizes };
}

/** Titles, and where the documentation has them. */
function guides() {
  return readdirSync(guideFolder)
    .map((name) => /^title: (.+)$/m.exec(readFileSync(join(guideFolder, name), "utf8"))?.[1] ?? name)
    .sort()
    .map((title) => ({ title, href: `/docs/documents/${title.replaceAll(" ", "_")}.html` }));
}

/** Written by hand, with fewer features. */
const floors = ["js-min", "js-full", "bare"];

/** What of the last whole run of the bench is shown: Chromium's time of each library as a multiple of jobgate's. */
function speed() {
  const { environments } = JSON.parse(readFileSync(bench, "utf8"));
  const { version, cases } = environments.chromium;
  const contenders: Record<string, { measuredWith?: number; to: { jobgate?: { median: number } } }> =
    cases["run-jobs"].columns["N 10,000, 10 at once, results"].contenders;
  const rows = Object.entries(contenders)
    .filter(([name, { measuredWith }]) => !floors.includes(name) && measuredWith === undefined)
    .map(([name, { to }]) => ({ name, times: to.jobgate?.median ?? 1 }))
    .sort((one, other) => one.times - other.times);
  return { version: String(version).replace(/^(\w+ \d+).*/, "$1"), rows };
}

/** `import { firstCode, sizes, speed, guides } from "virtual:readme"`: said once, in the README, by the bench, in the guides. */
export function readme(): Plugin {
  return {
    name: "readme",
    resolveId: (source) => (source === "virtual:readme" ? id : null),
    load(loaded) {
      if (loaded !== id) return null;
      this.addWatchFile(path);
      this.addWatchFile(bench);
      return Object.entries({ ...facts(), speed: speed(), guides: guides() })
        .map(([name, value]) => `export const ${name} = ${JSON.stringify(value)};`)
        .join("\n");
    },
  };
}
