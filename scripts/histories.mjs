// Random histories of every model, as many as one likes: `npm run histories -- --count=1000000 [core runner agents pool shared]`.
import { parseArgs } from "node:util";
import { main, run } from "./run.mjs";

const binaries = { core: "engine", runner: "runner", agents: "agents", pool: "pool", shared: "shared" };
// Names of tests and modules that play histories.
const filters = ["histor", "runs::"];

await main(() => {
  const { values, positionals } = parseArgs({
    options: { count: { type: "string", default: "1000000" } },
    allowPositionals: true,
  });
  if (!/^[1-9]\d{0,8}$/.test(values.count))
    throw new Error("--count is how many histories of each model, 1 to 999999999");
  const models = positionals.length === 0 ? Object.keys(binaries) : positionals;
  for (const model of models) {
    if (!binaries[model]) throw new Error(`no model "${model}"; there are: ${Object.keys(binaries).join(", ")}`);
    const start = performance.now();
    run("cargo", ["test", "--release", "--test", binaries[model], "--", ...filters], {
      env: { JOBGATE_HISTORIES: values.count },
    });
    console.log(`${model}: ${values.count} histories in ${Math.round((performance.now() - start) / 1000)} s`);
  }
});
