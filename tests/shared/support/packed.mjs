// The package as packed, not the checkout that this folder is part of, and whose own name it would be.
import { join } from "node:path";

/** Another one, which has been built for one purpose, is named by JOBGATE_PACKED. */
export const packed = process.env.JOBGATE_PACKED ?? join(import.meta.dirname, "../../.packed");

/** For esbuild: "jobgate" is the one in the folder's `node_modules`. */
export function packedPackage(folder = packed) {
  return {
    name: "packed-package",
    setup(build) {
      build.onResolve({ filter: /^jobgate($|\/)/ }, ({ path, kind, pluginData }) => {
        if (pluginData === packedPackage) return undefined;
        return build.resolve(path, { kind, resolveDir: folder, pluginData: packedPackage });
      });
    },
  };
}
