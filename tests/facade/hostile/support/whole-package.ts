import { join } from "node:path";
import { build } from "esbuild";
import type { Plugin } from "vite";
import { packed } from "../../../shared/support/packed.mjs";

const ENTRIES = {
  main: "index",
  runner: "runner",
  pool: "worker-pool",
  agents: "agents",
  shared: "shared",
  slim: "slim",
  testing: "testing",
};

/**
 * "whole-package" is the text of the packed package as one module, each entry a namespace of it. What imports that text
 * has an engine of its own, which nobody else has broken.
 */
export function wholePackage(): Plugin {
  const dist = join(packed, "node_modules/jobgate/dist");
  return {
    name: "whole-package",
    resolveId: (source) => (source === "whole-package" ? "\0whole-package" : null),
    async load(id) {
      if (id !== "\0whole-package") return null;
      const names = Object.entries(ENTRIES);
      const contents = names.map(([name, file]) => `export * as ${name} from "./${file}.js";`).join("\n");
      const { outputFiles } = await build({
        stdin: { contents, resolveDir: dist },
        bundle: true,
        format: "esm",
        target: "es2022",
        write: false,
        logLevel: "error",
      });
      return `export default ${JSON.stringify(outputFiles[0]?.text)};`;
    },
  };
}
