import { existsSync, readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";

const unescaped = (text) => text.replaceAll("&amp;", "&").replaceAll("&#39;", "'").replaceAll("&quot;", '"');
const valuesOf = (html, names) =>
  [...html.matchAll(new RegExp(`<[^>]*?\\s(?:${names})="([^"]*)"`, "g"))].map(([, value]) => unescaped(value));

/**
 * The links of a folder of pages, served under `base`, that lead to no file of it or to no place of a page of it; a line
 * each. Other sites, and what this one serves outside of `base`, are not looked at.
 */
export function deadLinks(folder, base) {
  const files = readdirSync(folder, { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile())
    .map((entry) =>
      join(entry.parentPath, entry.name)
        .slice(folder.length + 1)
        .replaceAll("\\", "/"),
    );
  const pages = new Map(
    files
      .filter((name) => name.endsWith(".html"))
      .map((name) => {
        const html = readFileSync(join(folder, name), "utf8");
        return [name, { links: valuesOf(html, "href|src"), places: new Set(valuesOf(html, "id|name")) }];
      }),
  );
  if (pages.size === 0) throw new Error(`no page in ${folder}`);
  const dead = [];
  for (const [name, { links }] of pages) {
    for (const link of new Set(links)) {
      const url = new URL(link, `site:${base}${name}`);
      if (url.protocol !== "site:" || !url.pathname.startsWith(base)) continue;
      const target = decodeURIComponent(url.pathname.slice(base.length)) || "index.html";
      const place = decodeURIComponent(url.hash.slice(1));
      const page = pages.get(target);
      if (page ? place !== "" && !page.places.has(place) : !existsSync(join(folder, target)))
        dead.push(`${name}: ${link}`);
    }
  }
  return dead;
}
