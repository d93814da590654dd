// What the scripts that measure share: bundles, a server, pages in profiles of their own, the order of the rounds.
import { createServer } from "node:http";
import { join } from "node:path";
import { build } from "esbuild";
import { browserNames } from "../../../scripts/browsers.mjs";
import { launch } from "./launch.mjs";
import { packedPackage } from "./packed.mjs";

/** A script of this folder as one text, with the `jobgate` that is in the folder's `node_modules`. */
export async function bundled(script, folder, options) {
  const { outputFiles } = await build({
    entryPoints: [join(import.meta.dirname, script)],
    bundle: true,
    format: "esm",
    write: false,
    logLevel: "error",
    plugins: [packedPackage(folder)],
    ...options,
  });
  return outputFiles[0].contents;
}

/** A page for each script, at `<address><number>/`. `hear` is told of each request, which is answered thereafter. */
export async function serve(scripts, hear) {
  const headers = { "Cross-Origin-Opener-Policy": "same-origin", "Cross-Origin-Embedder-Policy": "require-corp" };
  const server = createServer(async (request, response) => {
    await hear(request);
    if (request.method === "POST") {
      response.writeHead(204, headers).end();
      return;
    }
    const [, number, file] = request.url.split("/");
    const isScript = file === "measured.js";
    response.writeHead(200, { ...headers, "Content-Type": isScript ? "text/javascript" : "text/html" });
    response.end(
      isScript
        ? scripts[number]
        : '<!doctype html><title>Measured</title><script type="module" src="measured.js"></script>',
    );
  });
  await new Promise((resolve) => server.listen(0, "127.0.0.1", resolve));
  return { server, address: `http://127.0.0.1:${server.address().port}/` };
}

/** A measurement each in a profile of its own: an object of named figures. */
async function inProfile(browser, address, measure) {
  const context = await browser.newContext();
  try {
    return await measure(async () => {
      const page = await context.newPage();
      await page.goto(address);
      await page.waitForFunction(() => globalThis.measured !== undefined);
      return page;
    });
  } finally {
    await context.close();
  }
}

/**
 * Each measurement in each browser that `args` name, as often as they say, one column after the other in each.
 * `measurements[name](open, column)` makes figures; `tell(figure, columns)` is given the values of all rounds, a list a column.
 */
export async function turnByTurn({ args, measurements, columns, address, tell }) {
  const rounds = Number(args.rounds);
  for (const name of args.browser?.split(",") ?? browserNames) {
    const browser = await launch(name, { "dom.ipc.processCount.webCOOP+COEP": 32 });
    console.log(`${name} ${browser.version()}`);
    for (const measurement of args.only?.split(",") ?? Object.keys(measurements)) {
      const figures = columns.map(() => []);
      for (let round = 0; round < rounds; round++) {
        for (const [number, those] of figures.entries()) {
          const measureIt = (open) => measurements[measurement](open, columns[number]);
          those.push(await inProfile(browser, `${address}${number}/`, measureIt));
        }
      }
      for (const figure of Object.keys(figures[0][0])) {
        tell(
          figure,
          figures.map((those) => those.map((round) => round[figure])),
        );
      }
    }
    await browser.close();
  }
}

export const median = (values) => [...values].sort((one, other) => one - other)[Math.floor(values.length / 2)];

/** The median, the least and the most. */
export function spread(values, show = Math.round) {
  const [middle, least, most] = [median(values), Math.min(...values), Math.max(...values)].map(show);
  return `${middle} (${least} to ${most})`;
}
