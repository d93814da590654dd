import { playwright } from "@vitest/browser-playwright";
import { defineConfig } from "vitest/config";

const project = (name, page, options) => ({
  test: { name, include: ["vitest.test.js"], provide: { page }, testTimeout: 60_000, hookTimeout: 60_000, ...options },
});

const launchOptions = JSON.parse(process.env.LAUNCH_OPTIONS);

export default defineConfig({
  test: {
    projects: [
      project("node", "no page", { environment: "node" }),
      project("jsdom", "jsdom", { environment: "jsdom" }),
      project("browser", "Chrome", {
        browser: {
          enabled: true,
          headless: true,
          screenshotFailures: false,
          provider: playwright({ launchOptions }),
          instances: [{ browser: "chromium" }],
        },
      }),
    ],
  },
});
