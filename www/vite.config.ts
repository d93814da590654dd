import { readdirSync } from "node:fs";
import { join } from "node:path";
import preact from "@preact/preset-vite";
import { defineConfig } from "vite";
import { contentSecurityPolicy } from "./server/content-security-policy.ts";
import { demoEndpoints } from "./server/endpoints.ts";

const here = import.meta.dirname;
const pages = readdirSync(here).filter((name) => name.endsWith(".html"));

export default defineConfig({
  root: here,
  appType: "mpa",
  plugins: [preact(), contentSecurityPolicy(), demoEndpoints(join(here, "../build/www"))],
  resolve: {
    alias: [{ find: /^jobgate$/, replacement: join(here, "../dist/index.js") }],
  },
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
    rolldownOptions: { input: pages.map((name) => join(here, name)) },
  },
  server: { port: 5173 },
  preview: { port: 4173 },
});
