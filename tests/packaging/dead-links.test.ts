import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect, it, onTestFinished } from "vitest";
import { deadLinks } from "../../scripts/dead-links.mjs";

it("links to no file and to no place are found, with the page that has them; other sites are not looked at", () => {
  const folder = mkdtempSync(join(tmpdir(), "jobgate-links-"));
  onTestFinished(() => rmSync(folder, { recursive: true, force: true }));
  mkdirSync(join(folder, "more"));
  writeFileSync(join(folder, "a picture.svg"), "");
  writeFileSync(
    join(folder, "index.html"),
    `<h1 id="top"></h1><a href="more/page.html#there">1</a><a class="x" href="#top">2</a><a href="/">3</a>
     <img src="a%20picture.svg"><a href="https://example.com/nothing">4</a>
     <a href="more/page.html#nowhere">5</a><a href="gone.html">6</a><script src="gone.js"></script>`,
  );
  writeFileSync(
    join(folder, "more/page.html"),
    `<p id="there"><a href="../index.html?x#top">1</a><a href="page">2</a>`,
  );
  expect(deadLinks(folder, "/docs/")).toEqual([
    "index.html: more/page.html#nowhere",
    "index.html: gone.html",
    "index.html: gone.js",
    "more/page.html: page",
  ]);
  expect(() => deadLinks(join(folder, "..", "nothing-here"), "/docs/")).toThrow();
});
