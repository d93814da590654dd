// Writes the code of the guides to tests/.guides/<guide>/, where it is type-checked and where the tests run it. A block that
// begins with `// name.ts` is that file; the others are numbered.
import { mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";

const guides = join(import.meta.dirname, "../../docs/guides");
const target = join(import.meta.dirname, "../.guides");

const languages = { ts: "ts", tsx: "tsx", js: "js" };

/** The blocks of code of one guide that are TypeScript or JavaScript, by the name of their file. */
export function codeOf(text) {
  const files = new Map();
  for (const [, language, code] of text.matchAll(/^```(\w+)\n([\s\S]+?)^```/gm)) {
    const type = languages[language];
    if (type === undefined) continue;
    const [, name = `block-${files.size + 1}.${type}`] = /^\/\/ ([\w-]+\.[jt]sx?)\b/.exec(code) ?? [];
    if (files.has(name)) throw new Error(`two blocks are called ${name}`);
    files.set(name, code);
  }
  return files;
}

/** Files that have not changed are left alone, so that nobody who watches them is woken. */
export function extractGuides() {
  const written = new Set();
  for (const guide of readdirSync(guides)) {
    const folder = join(target, guide.replace(/\.md$/, ""));
    mkdirSync(folder, { recursive: true });
    for (const [name, code] of codeOf(readFileSync(join(guides, guide), "utf8"))) {
      const file = join(folder, name);
      written.add(file);
      if (textOf(file) !== code) writeFileSync(file, code);
    }
  }
  for (const entry of readdirSync(target, { recursive: true, withFileTypes: true })) {
    const file = join(entry.parentPath, entry.name);
    if (entry.isFile() && !written.has(file)) rmSync(file);
  }
}

function textOf(file) {
  try {
    return readFileSync(file, "utf8");
  } catch {
    return undefined;
  }
}
