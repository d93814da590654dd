// What may import what in src/facade; `npm test` keeps it so. Types count as well.
const rooms = (names) => `^src/facade/(${names})/`;
const forbid = (name, from, to, comment) => ({
  name,
  severity: "error",
  comment,
  from: { path: from },
  to: { path: to },
});

export default {
  forbidden: [
    { name: "no-circle", severity: "error", from: {}, to: { circular: true } },
    forbid(
      "support-knows-nobody",
      rooms("support"),
      `^src/facade/(?!support/|errors|types)`,
      "Small tools know nothing of jobs.",
    ),
    forbid(
      "wasm-below-jobs",
      rooms("wasm"),
      rooms("job|manager|primitives|runner|pool|worker|agents|react|shared|server|service-worker|testing"),
      "The engine's side.",
    ),
    forbid(
      "jobs-below-managers",
      rooms("job"),
      rooms("manager|primitives|runner|pool|worker|agents|react|shared|server|service-worker|testing"),
      "A record is below, its manager above.",
    ),
    forbid(
      "managers-below-entries",
      rooms("manager|primitives"),
      rooms("runner|pool|worker|agents|react|shared|server|service-worker|testing"),
      "What every entry shares.",
    ),
    {
      name: "generated-code-has-one-door",
      severity: "error",
      comment: "Each binary's glue is imported by one file, and by the entry that inlines the binary.",
      from: {
        path: "^src/facade/",
        pathNot: "^src/facade/(index|wasm/engine|runner/builtins/.+|[a-z-]+/(wasm|builtins|default))",
      },
      to: { path: "^build/wasm" },
    },
    {
      name: "linear-memory-stays-in-wasm",
      severity: "error",
      comment: "Jobs and managers go through wasm/; entries do not read the engine's words.",
      from: { path: rooms("runner|pool|worker|agents|react|shared|server|service-worker|testing") },
      to: { path: "^src/facade/wasm/(drain|values|wire)" },
    },
  ],
  options: {
    tsPreCompilationDeps: true,
    tsConfig: { fileName: "tsconfig.json" },
    doNotFollow: { path: "node_modules|^build" },
  },
};
