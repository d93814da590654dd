// The processes of a browser's tabs, to stop and to kill: nothing else hangs or crashes a tab as users have it.
import { readdirSync, readFileSync } from "node:fs";
import type { Page } from "playwright";

interface Process {
  readonly pid: number;
  readonly parent: number;
  /** Hundredths of seconds that it has computed. */
  readonly ticks: number;
}

function processes(): Process[] {
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

function isTab(pid: number): boolean {
  try {
    const command = readFileSync(`/proc/${pid}/cmdline`, "utf8");
    return (
      command.includes("--type=renderer") || (command.includes("-isForBrowser") && command.includes("-contentproc"))
    );
  } catch {
    return false;
  }
}

/** Of all browsers that this process has started. */
function tabProcesses(): Process[] {
  const all = processes();
  const found: Process[] = [];
  const visit = (parent: number) => {
    for (const child of all.filter((each) => each.parent === parent)) {
      if (isTab(child.pid)) found.push(child);
      visit(child.pid);
    }
  };
  visit(process.pid);
  return found;
}

/** The one that computes when the page does. What starts meanwhile computes, too, and is another's. */
export async function processOf(page: Page): Promise<number> {
  const spent = new Map<number, number>();
  for (let millis = 100; ; millis *= 2) {
    const before = new Map(tabProcesses().map(({ pid, ticks }) => [pid, ticks]));
    await page.evaluate((millis) => {
      const until = performance.now() + millis;
      while (performance.now() < until);
    }, millis);
    for (const { pid, ticks } of tabProcesses()) {
      const since = before.get(pid);
      if (since !== undefined) spent.set(pid, (spent.get(pid) ?? 0) + ticks - since);
    }
    const [first, second] = [...spent].sort(([, one], [, other]) => other - one);
    if (first !== undefined && first[1] >= 5 && first[1] >= 3 * (second?.[1] ?? 0)) return first[0];
  }
}

/** Hundredths of seconds that the process has computed. */
export function ticksOf(pid: number): number {
  return processes().find((each) => each.pid === pid)?.ticks ?? 0;
}

/** "T" while it is stopped; undefined: there is none. */
export function stateOf(pid: number): string | undefined {
  try {
    const text = readFileSync(`/proc/${pid}/stat`, "utf8");
    return text.slice(text.lastIndexOf(")") + 2)[0];
  } catch {
    return undefined;
  }
}
