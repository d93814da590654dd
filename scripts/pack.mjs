// Packs the package as it would be published and unpacks it where the tests import it by name:
//   tests/.packed/node_modules/jobgate         the tarball's contents; the tarball is build/jobgate.tgz
//   tests/.packed-panic/node_modules/jobgate   the same with the panic flavour's dist
// The guides' code, which imports it like any other, is written beside them: tests/.guides.
import { cpSync, mkdirSync, readFileSync, renameSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { extractGuides } from "../tests/guides/extract.mjs";
import { withAbsoluteLinks } from "./readme-links.mjs";
import { main, output, root, run } from "./run.mjs";

const tarball = join(root, "build", "jobgate.tgz");

/** What goes into the tarball, in a folder of its own: the README's links have to lead somewhere without the repository. */
function stage() {
  const folder = join(root, "build", "package");
  const { files, homepage } = JSON.parse(readFileSync(join(root, "package.json"), "utf8"));
  rmSync(folder, { recursive: true, force: true });
  for (const name of ["package.json", ...files]) cpSync(join(root, name), join(folder, name), { recursive: true });
  const readme = readFileSync(join(root, "README.md"), "utf8");
  writeFileSync(join(folder, "README.md"), withAbsoluteLinks(readme, homepage.replace("#readme", "")));
}

function unpack(folder) {
  const target = join(root, folder, "node_modules", "jobgate");
  rmSync(target, { recursive: true, force: true });
  mkdirSync(target, { recursive: true });
  run("tar", ["-xzf", tarball, "--strip-components=1", "-C", target]);
  // A package of its own: files in this one's folders would get "jobgate" from the checkout, not from here.
  writeFileSync(join(root, folder, "package.json"), '{ "private": true, "type": "module" }\n');
  return target;
}

await main(() => {
  extractGuides();
  run("node", ["scripts/build.mjs"]);
  stage();
  const [{ filename }] = JSON.parse(
    output("npm", ["pack", "--json", "--ignore-scripts", "--pack-destination", "build", "./build/package"]),
  );
  renameSync(join(root, "build", filename), tarball);
  unpack("tests/.packed");

  run("node", ["scripts/build.mjs", "--flavour=panic"]);
  const target = unpack("tests/.packed-panic");
  rmSync(join(target, "dist"), { recursive: true });
  cpSync(join(root, "build", "dist-panic"), join(target, "dist"), { recursive: true });
});
