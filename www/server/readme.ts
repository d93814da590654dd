import { readFileSync } from "node:fs";
import { join } from "node:path";
import type { Plugin } from "vite";

const path = join(import.meta.dirname, "../../README.md");
const id = "\0virtual:readme";

/** What the README says, for pages that say it too: its first block of code, and what each entry weighs. */
function facts() {
  const text = readFileSync(path, "utf8");
  const [, firstCode] = /```ts\n([\s\S]+?)```/.exec(text) ?? [];
  const sizes = [...text.matchAll(/^\| `(jobgate[\w/-]*)` \| ([\d.]+ KB) \| (.+) \|$/gm)].map(
    ([, entry, size, what]) => ({ entry, size, what }),
  );
  if (firstCode === undefined || sizes.length === 0) throw new Error("README.md has lost its first code or its sizes");
  return { firstCode, sizes };
}

/** `import { firstCode, sizes } from "virtual:readme"`: said once, in the README, where tests hold it to the truth. */
export function readme(): Plugin {
  return {
    name: "readme",
    resolveId: (source) => (source === "virtual:readme" ? id : null),
    load(loaded) {
      if (loaded !== id) return null;
      this.addWatchFile(path);
      return Object.entries(facts())
        .map(([name, value]) => `export const ${name} = ${JSON.stringify(value)};`)
        .join("\n");
    },
  };
}
