// Which break of the facade is on: a file of the package's own says so, whether a page, a worker or a process loads it.
import { readdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";

const written = (parts) => `export const stryker = { ${parts} };\n`;
/** As it is above, and as esbuild writes it. */
const isIt = (text) => /^(\/\/.*\n)?(export const|var) stryker = /.test(text);

export const nothingBroken = written('activeMutant: "none"');

/** One that goes round for ever is thrown out of its loop: no test goes that often past one place. */
export const broken = (id) => written(`activeMutant: "${id}", hitCount: 0, hitLimit: 20_000_000`);

/** Nothing is broken, and what is reached is posted to the address. */
export const told = (url) => written(`mutantCoverage: { perTest: {}, static: (${counters})("${url}") }`);

/** This text becomes what the package in that folder, and the one of its panic flavour beside it, load first. */
export function activate(packed, text) {
  for (const folder of [packed, `${packed}-panic`]) {
    const dist = join(folder, "node_modules/jobgate/dist");
    const names = readdirSync(dist).filter((name) => name.startsWith("chunk-"));
    const name = names.find((name) => isIt(readFileSync(join(dist, name), "utf8")));
    writeFileSync(join(dist, name), text);
  }
}

/** Runs where the package does. It is asked for each counter once, when there is none yet. */
function counters(url) {
  const { fetch, queueMicrotask } = globalThis;
  let ids = [];
  const tell = async () => {
    const body = ids.join();
    ids = [];
    // Who is about to be closed cannot tell it any more.
    await fetch(url, { method: "POST", mode: "no-cors", body }).catch(() => {});
  };
  const get = (_, id) => {
    if (ids.push(id) === 1) queueMicrotask(tell);
  };
  return Object.create(new Proxy({}, { get }));
}
