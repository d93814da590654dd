import { readdirSync } from "node:fs";
import { join } from "node:path";
import preact from "@preact/preset-vite";
import { defineConfig } from "vite";
import { contentSecurityPolicy } from "./server/content-security-policy.ts";
import { demoEndpoints } from "./server/endpoints.ts";
import { modelEndpoint } from "./server/models.ts";
import { readme } from "./server/readme.ts";

const here = import.meta.dirname;
const pages = readdirSync(here).filter((name) => name.endsWith(".html"));

export default defineConfig({
  root: here,
  appType: "mpa",
  plugins: [preact(), contentSecurityPolicy(), readme(), demoEndpoints(join(here, "../build/www")), modelEndpoint()],
  resolve: {
    alias: [
      { find: /^jobgate$/, replacement: join(here, "../dist/index.js") },
      { find: /^jobgate\/runner$/, replacement: join(here, "../dist/runner.js") },
      { find: /^jobgate\/queue-client$/, replacement: join(here, "../dist/queue-client.js") },
      { find: /^jobgate\/shared$/, replacement: join(here, "../dist/shared.js") },
      { find: /^jobgate\/react$/, replacement: join(here, "../dist/react.js") },
      // What an app on Preact does to use React's hooks; here for dist/ too, which is outside of this folder.
      { find: /^react$/, replacement: "preact/compat" },
      { find: /^jobgate\/worker-pool$/, replacement: join(here, "../dist/worker-pool.js") },
      { find: /^jobgate\/worker$/, replacement: join(here, "../dist/worker.js") },
      { find: /^jobgate\/agents$/, replacement: join(here, "../dist/agents.js") },
    ],
  },
  worker: { format: "es" },
  build: {
    outDir: join(here, "dist"),
    emptyOutDir: true,
    target: "es2022",
    // From these versions on browsers know light-dark(), which the colours are written in.
    cssTarget: ["chrome123", "firefox120", "safari17.5"],
    // An inlined asset would be a data: address, which the policy allows for images only.
    assetsInlineLimit: 0,
    modulePreload: { polyfill: false },
    reportCompressedSize: false,
    // The binaries are inlined, as the package has them.
    chunkSizeWarningLimit: 1000,
    rolldownOptions: { input: pages.map((name) => join(here, name)) },
  },
  server: { port: 5173 },
  preview: { port: 4173 },
});
