import text from "whole-package";

/** The package's entries. */
export interface Package {
  readonly main: typeof import("jobgate");
  readonly runner: typeof import("jobgate/runner");
  readonly pool: typeof import("jobgate/worker-pool");
  readonly agents: typeof import("jobgate/agents");
  readonly shared: typeof import("jobgate/shared");
  readonly slim: typeof import("jobgate/slim");
  readonly testing: typeof import("jobgate/testing");
}

let loaded = 0;

/** The whole package anew, with an engine that nobody has touched. */
export async function loadPackage(): Promise<Package> {
  loaded += 1;
  // The same address twice would be the same module.
  const source = `${text}\n// ${loaded}`;
  if (typeof document === "undefined") {
    return import(/* @vite-ignore */ `data:text/javascript;base64,${Buffer.from(source).toString("base64")}`);
  }
  const url = URL.createObjectURL(new Blob([source], { type: "text/javascript" }));
  try {
    return await import(/* @vite-ignore */ url);
  } finally {
    URL.revokeObjectURL(url);
  }
}
