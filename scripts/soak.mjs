// `npm run soak -- --minutes=N --seed=N`: everything at once for N minutes in each browser, from the package as packed.
import { parseArgs } from "node:util";
import { main, run } from "./run.mjs";

await main(() => {
  const { values } = parseArgs({
    options: { minutes: { type: "string", default: "5" }, seed: { type: "string", default: "1" } },
  });
  run("vitest", ["run", "--project", "soak"], { env: { SOAK_MINUTES: values.minutes, SOAK_SEED: values.seed } });
});
