// What may import what in src/facade; `npm test` keeps it so. Types count as well.
const rooms = (...names) => `^src/facade/(${names.join("|")})/`;
const forbid = (name, from, to, comment) => ({
  name,
  severity: "error",
  comment,
  from: { path: from },
  to: { path: to },
});

/** The rooms of the package's entries, and of which others each may import. What more than these need is in a room below. */
const entries = {
  agents: [],
  http: ["runner"],
  pool: ["runner"],
  react: ["agents", "runner", "shared"],
  runner: [],
  server: ["http", "pool", "runner"],
  "service-worker": ["http", "runner", "shared"],
  shared: ["runner"],
  testing: [],
  worker: ["pool", "runner"],
};
const every = Object.keys(entries);
const others = (own) => every.filter((name) => name !== own && !entries[own].includes(name));

/** What is only named costs whoever imports it nothing. */
const typesOnly = (name, from, to, comment) => {
  const rule = forbid(name, from, to, comment);
  return { ...rule, to: { ...rule.to, dependencyTypesNot: ["type-only"] } };
};

export default {
  forbidden: [
    { name: "no-circle", severity: "error", from: {}, to: { circular: true } },
    forbid(
      "support-knows-nobody",
      rooms("support"),
      `^src/facade/(?!support/|errors|types)`,
      "Small tools know nothing of jobs.",
    ),
    forbid("wasm-below-jobs", rooms("wasm"), rooms("job", "manager", "primitives", ...every), "The engine's side."),
    forbid(
      "jobs-below-managers",
      rooms("job"),
      rooms("manager", "primitives", ...every),
      "A record is below, its manager above.",
    ),
    forbid("managers-below-entries", rooms("manager", "primitives"), rooms(...every), "What every entry shares."),
    ...every.map((name) =>
      forbid(
        `${name}-apart`,
        rooms(name),
        rooms(...others(name)),
        "An entry brings no more of the package than it says.",
      ),
    ),
    typesOnly(
      "hooks-name-what-they-watch",
      "^src/facade/react[./]",
      rooms("job", "manager", "wasm", ...entries.react),
      "They watch the app's own managers and queues, and bring none.",
    ),
    typesOnly(
      "pools-bring-no-runner",
      rooms("pool"),
      rooms("runner"),
      "A pool's jobs fit a runner, which an app need not have.",
    ),
    {
      name: "entries-by-the-seam",
      severity: "error",
      comment: "What an entry may ask of managers and jobs is public, or named in manager/seam.ts.",
      // Test clocks hold the time of all jobs, whoever has them.
      from: { path: rooms(...every.filter((name) => name !== "testing")) },
      to: {
        path: rooms("job", "manager"),
        // Beside these two, what asks nothing of any: a symbol, and lines in the browser's Performance panel.
        pathNot: "^src/facade/(manager/(seam|job-manager|trace)|job/completion)\\.ts$",
      },
    },
    {
      name: "generated-code-has-one-door",
      severity: "error",
      comment:
        "A binary's glue has one importer, the built-in types' those that run them; who inlines it takes its bytes.",
      from: {
        path: "^src/facade/",
        pathNot:
          "^src/facade/(index|wasm/engine|(agents|pool|runner|service-worker|shared)/wasm|runner/builtins/(bodies|execute)|pool/builtins|worker/default)\\.ts$",
      },
      to: { path: "^build/wasm" },
    },
    {
      name: "linear-memory-stays-in-wasm",
      severity: "error",
      comment: "Jobs and managers go through wasm/; entries do not read the engine's words.",
      from: { path: rooms(...every) },
      to: { path: "^src/facade/wasm/(drain|values|wire)" },
    },
  ],
  options: {
    tsPreCompilationDeps: true,
    tsConfig: { fileName: "tsconfig.json" },
    doNotFollow: { path: "node_modules|^build" },
  },
};
