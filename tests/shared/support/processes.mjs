// The processes of a browser's tabs, to stop and to kill: nothing else hangs or crashes a tab as users have it.
import { readdirSync, readFileSync } from "node:fs";

/**
 * @typedef {object} Process
 * @property {number} pid
 * @property {number} parent
 * @property {number} ticks Hundredths of seconds that it has computed.
 */

/** @returns {Process[]} */
function processes() {
  return readdirSync("/proc")
    .filter((name) => /^\d+$/.test(name))
    .flatMap((pid) => {
      try {
        const text = readFileSync(`/proc/${pid}/stat`, "utf8");
        const fields = text.slice(text.lastIndexOf(")") + 2).split(" ");
        return [{ pid: Number(pid), parent: Number(fields[1]), ticks: Number(fields[11]) + Number(fields[12]) }];
      } catch {
        // It has ended meanwhile.
        return [];
      }
    });
}

/** All that this process has started, and what those have. */
function descendants() {
  const all = processes();
  /** @type {Process[]} */
  const found = [];
  /** @param {number} parent */
  const visit = (parent) => {
    for (const child of all.filter((each) => each.parent === parent)) {
      found.push(child);
      visit(child.pid);
    }
  };
  visit(process.pid);
  return found;
}

/** @param {number} pid */
function isTab(pid) {
  try {
    const command = readFileSync(`/proc/${pid}/cmdline`, "utf8");
    return (
      command.includes("--type=renderer") ||
      command.includes("WebKitWebProcess") ||
      (command.includes("-isForBrowser") && command.includes("-contentproc"))
    );
  } catch {
    return false;
  }
}

/** Of all browsers that this process has started. */
const tabProcesses = () => descendants().filter(({ pid }) => isTab(pid));

/**
 * What each tab's process computes meanwhile. What starts meanwhile is another's.
 * @param {() => Promise<unknown>} work
 * @returns {Promise<Map<number, number>>}
 */
async function computedDuring(work) {
  const before = new Map(tabProcesses().map(({ pid, ticks }) => [pid, ticks]));
  await work();
  return new Map(
    tabProcesses().flatMap(({ pid, ticks }) => (before.has(pid) ? [[pid, ticks - (before.get(pid) ?? 0)]] : [])),
  );
}

/**
 * The one that computes when the page does, and not when it does not, twice: a process that is being started computes,
 * too, and a test that kills it waits for good.
 * @param {{ evaluate(compute: (millis: number) => void, millis: number): Promise<unknown> }} page
 * @returns {Promise<number>}
 */
export async function processOf(page) {
  let last = 0;
  for (let millis = 100; ; millis = Math.min(2 * millis, 1000)) {
    const idle = await computedDuring(() => new Promise((resolve) => setTimeout(resolve, millis)));
    const busy = await computedDuring(() =>
      page.evaluate((millis) => {
        const until = performance.now() + millis;
        while (performance.now() < until);
      }, millis),
    );
    const more = [...busy].map(([pid, ticks]) => ({ pid, ticks: ticks - (idle.get(pid) ?? 0) }));
    const [first, second] = more.sort((one, other) => other.ticks - one.ticks);
    const found = first !== undefined && first.ticks >= 5 && first.ticks >= 3 * (second?.ticks ?? 0) ? first.pid : 0;
    if (found !== 0 && found === last) return found;
    if (found !== 0) millis /= 2;
    last = found;
  }
}

/**
 * Hundredths of seconds that the process has computed.
 * @param {number} pid
 */
export function ticksOf(pid) {
  return processes().find((each) => each.pid === pid)?.ticks ?? 0;
}

/** Of all that this process has started. */
export const ticksOfAll = () => descendants().reduce((sum, { ticks }) => sum + ticks, 0);

/**
 * "T" while it is stopped; undefined: there is none.
 * @param {number} pid
 * @returns {string | undefined}
 */
export function stateOf(pid) {
  try {
    const text = readFileSync(`/proc/${pid}/stat`, "utf8");
    return text.slice(text.lastIndexOf(")") + 2)[0];
  } catch {
    return undefined;
  }
}
