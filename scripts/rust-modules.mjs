// Which Rust module may know which: no arrow upward (facade → bindings → engine ← browser), none from the core to what is
// built on it, no circle of modules. `npm test` keeps it so.
import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { main, root } from "./run.mjs";

/** Who is not to know whom, by the beginnings of their paths. */
const FORBIDDEN = [
  [/^engine\b/, /^(browser|bindings)\b/],
  [/^browser\b/, /^bindings\b/],
  [/^bindings\b/, /^browser\b/],
  [/^engine(?!::(agents|pool|runner|shared)\b)/, /^engine::(agents|pool|runner|shared)\b/],
  [/^engine::(agents|pool|runner)\b/, /^engine::shared\b/],
  [/^engine::agents\b/, /^engine::(pool|runner)\b/],
  [/^engine::pool\b/, /^engine::(agents|runner)\b/],
  [/^engine::runner\b/, /^engine::(agents|pool)\b/],
  [/^browser(?!::agents\b)/, /^browser::agents\b/],
];

/** By path, as `engine::runner::store`: the lines outside of tests. */
function readModules() {
  const modules = new Map();
  for (const file of readdirSync(join(root, "src"), { recursive: true })) {
    if (!file.endsWith(".rs") || file === "lib.rs") continue;
    const path = file.replace(/(\/mod)?\.rs$/, "").split(/[\\/]/);
    const text = readFileSync(join(root, "src", file), "utf8");
    modules.set(path.join("::"), text.replace(/^\s*\/\/.*$/gm, "").replace(/^#\[cfg\(test\)\]\nmod .*/ms, ""));
  }
  return modules;
}

/** `a::{b, c::{self, d as e}}` as `a::b`, `a::c`, `a::c::d`. */
function pathsOf(tree) {
  const brace = tree.indexOf("{");
  if (brace < 0) return [tree.replace(/ as .*$/, "").replace(/::self$/, "")];
  const parts = [];
  let depth = 0;
  let from = brace + 1;
  for (let at = from; at < tree.length; at++) {
    if (tree[at] === "{") depth++;
    if ((tree[at] === "," && depth === 0) || (tree[at] === "}" && depth-- === 0)) {
      if (tree.slice(from, at).trim() !== "") parts.push(tree.slice(from, at).trim());
      from = at + 1;
    }
  }
  return parts.flatMap((part) => pathsOf(tree.slice(0, brace) + part));
}

const USE = /\b(pub(?:\([a-z]+\))? )?use ([^;]+);/g;
const NAMED = /\b(?:crate|super)::[\w:]+/g;

/** What a module names, from the crate's root on; what it names for others to take, too. */
function namesOf(module, text) {
  const absolute = (path) => {
    const here = module.split("::");
    const parts = path.split("::");
    if (parts[0] === "crate") return parts.slice(1);
    if (parts[0] === "self") return [...here, ...parts.slice(1)];
    while (parts[0] === "super") {
      parts.shift();
      here.pop();
    }
    return [...here, ...parts];
  };
  const used = [];
  const exported = new Map();
  const rest = text.replace(USE, (_, isPublic, tree) => {
    for (const path of pathsOf(tree.replace(/\s+/g, " "))) {
      const target = absolute(path);
      used.push(target);
      if (isPublic) exported.set(target.at(-1), target);
    }
    return "";
  });
  for (const [path] of rest.matchAll(NAMED)) used.push(absolute(path));
  return { used, exported };
}

/** The module in which a name is defined, through those that only pass it on. */
function definedIn(names, path) {
  let at = path.length;
  while (at > 0 && !names.has(path.slice(0, at).join("::"))) at--;
  const module = path.slice(0, at).join("::");
  const passedOn = names.get(module)?.exported.get(path[at]);
  if (passedOn === undefined || passedOn.join("::") === path.join("::")) return module;
  return definedIn(names, [...passedOn, ...path.slice(at + 1)]);
}

const isWithin = (inner, outer) => `${inner}::`.startsWith(`${outer}::`);

/** From module to modules. A module and what it is made of may know each other. */
function arrowsOf(modules) {
  const names = new Map([...modules].map(([module, text]) => [module, namesOf(module, text)]));
  return new Map(
    [...names].map(([module, { used }]) => {
      const targets = new Set(used.map((path) => definedIn(names, path)));
      return [module, [...targets].filter((to) => to !== "" && !isWithin(to, module) && !isWithin(module, to))];
    }),
  );
}

/** One circle, if there is any. */
function findCircle(arrows) {
  const done = new Set();
  const visit = (module, trail) => {
    if (trail.includes(module)) return [...trail.slice(trail.indexOf(module)), module];
    if (done.has(module)) return undefined;
    for (const to of arrows.get(module) ?? []) {
      const circle = visit(to, [...trail, module]);
      if (circle) return circle;
    }
    done.add(module);
    return undefined;
  };
  for (const module of arrows.keys()) {
    const circle = visit(module, []);
    if (circle) return circle;
  }
  return undefined;
}

await main(() => {
  const arrows = arrowsOf(readModules());
  const faults = [];
  for (const [from, targets] of arrows) {
    for (const to of targets) {
      if (FORBIDDEN.some(([above, below]) => above.test(from) && below.test(to))) faults.push(`${from} → ${to}`);
    }
  }
  if (faults.length > 0) throw new Error(`Arrows that are not to be:\n${faults.join("\n")}`);
  const circle = findCircle(arrows);
  if (circle) throw new Error(`A circle of modules: ${circle.join(" → ")}`);
  const count = [...arrows.values()].reduce((sum, { length }) => sum + length, 0);
  console.log(`✔ ${arrows.size} Rust modules, ${count} arrows: none upward, no circle`);
});
