// Builds the documentation, guides and API reference in one, where the demo serves it: www/public/docs/.
// Left out when nothing has changed. With `--strict`, always: and then a warning or a dead link is an error.
import { createHash } from "node:crypto";
import { existsSync, mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { dirname, join, relative } from "node:path";
import { fileURLToPath } from "node:url";
import { deadLinks } from "./dead-links.mjs";
import { main, root, run } from "./run.mjs";

const site = join(root, "www/public/docs");
const stamp = join(root, "build/stamps/docs");
const sources = ["src/facade", "docs/guides", "README.md", "CHANGELOG.md", "CONTRIBUTING.md", "typedoc.json"];

function filesOf(name) {
  const path = join(root, name);
  if (/\.\w+$/.test(name)) return [path];
  return readdirSync(path, { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile())
    .map((entry) => join(entry.parentPath, entry.name))
    .sort();
}

function digest() {
  const hash = createHash("sha256").update(readFileSync(fileURLToPath(import.meta.url)));
  for (const file of sources.flatMap(filesOf)) hash.update(relative(root, file)).update(readFileSync(file));
  return hash.digest("hex");
}

export function buildDocs({ strict = false } = {}) {
  const now = digest();
  const done = existsSync(join(site, "index.html")) && existsSync(stamp) && readFileSync(stamp, "utf8") === now;
  if (done && !strict) return;
  rmSync(stamp, { force: true });
  run("typedoc", ["--treatWarningsAsErrors", String(strict)]);
  const dead = strict ? deadLinks(site, "/docs/") : [];
  if (dead.length > 0) throw new Error(`dead links in the documentation:\n${dead.join("\n")}`);
  mkdirSync(dirname(stamp), { recursive: true });
  writeFileSync(stamp, now);
}

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  await main(() => buildDocs({ strict: process.argv.includes("--strict") }));
}
