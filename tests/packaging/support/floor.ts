// The oldest browsers that README names, and what they lack of today's: by MDN's tables.
import bcd, { type CompatStatement, type Identifier } from "@mdn/browser-compat-data" with { type: "json" };

/** Above: the page's thread of Chromium before 115 compiles nothing at once (`jobgate/slim` and workers do). */
export const floor = { chrome: "103", firefox: "102", safari: "16" } as const;

function isLater(version: string, than: string): boolean {
  const [a = [], b = []] = [version, than].map((text) => text.replace("≤", "").split(".").map(Number));
  const at = [0, 1].find((part) => (a[part] ?? 0) !== (b[part] ?? 0));
  return at !== undefined && (a[at] ?? 0) > (b[at] ?? 0);
}

/** Whether each of the floor's browsers has it as it is meant to be, without a flag or a prefix. */
export function isInAll({ support }: CompatStatement): boolean {
  return Object.entries(floor).every(([browser, version]) => {
    const statements = support[browser as keyof typeof floor];
    if (statements === undefined) return false;
    return [statements].flat().some((statement) => {
      const { version_added, version_removed, flags, prefix, alternative_name, partial_implementation } = statement;
      if (version_removed || flags || prefix || alternative_name || partial_implementation) return false;
      return typeof version_added === "string" && version_added !== "preview" && !isLater(version_added, version);
    });
  });
}

const lacks = ({ __compat }: Identifier) => __compat !== undefined && !isInAll(__compat);
/** What a feature consists of, by name. */
const partsOf = (feature: Identifier = {}) =>
  Object.entries(feature).filter((part): part is [string, Identifier] => part[0] !== "__compat");

/** Globals, and members as `[global, member]`, that one of them or another does not have. */
function lacking(): (string | [string, string])[] {
  const all = [bcd.api, bcd.javascript.builtins, bcd.webassembly.api].flatMap(partsOf);
  return all.flatMap(([name, feature]): (string | [string, string])[] => {
    if (lacks(feature)) return [name];
    const members = partsOf(feature).filter(([, member]) => lacks(member));
    return members.map(([member]): [string, string] => [name, member.replace(/_static$/, "")]);
  });
}

/** Runs in the page or worker before anything else. */
function remove(names: readonly (string | [string, string])[]): void {
  const scope = globalThis as unknown as Record<string, { prototype?: object } | undefined>;
  const symbols = Symbol as unknown as Record<string, symbol>;
  for (const name of names) {
    if (typeof name === "string") delete scope[name];
    else {
      const [owner, member] = name;
      const key = member.startsWith("@@") ? symbols[member.slice(2)] : member;
      const holders = [scope[owner], scope[owner]?.prototype, owner === "Window" ? globalThis : undefined];
      for (const holder of holders) if (holder && key !== undefined) delete (holder as Record<PropertyKey, unknown>)[key];
    }
  }
  if (Reflect.has(ReadableStream.prototype, Symbol.asyncIterator)) throw new Error("nothing was taken away");
}

/** A script that leaves of a browser what the floor has. */
export const removal = `{ ${remove}; remove(${JSON.stringify(lacking())}); }`;
