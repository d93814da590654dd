import { join } from "node:path";
import { chromium, firefox } from "playwright";
import { launchOptions } from "../../../scripts/browsers.mjs";

/**
 * Each tab has a process of its own, also in Firefox, which goes on when one has crashed.
 * @param {"chromium" | "firefox"} name
 * @param {Record<string, number | boolean>} prefs Firefox's.
 * @param {string[]} ignoreDefaultArgs Of Playwright's arguments for Chromium.
 */
export function launch(name, prefs = {}, ignoreDefaultArgs = []) {
  if (name === "chromium") return chromium.launch({ ...launchOptions.chromium, ignoreDefaultArgs });
  const { executablePath, firefoxUserPrefs, ...rest } = launchOptions.firefox;
  return firefox.launch({
    ...rest,
    executablePath: join(import.meta.dirname, "firefox.sh"),
    env: { ...process.env, FIREFOX: executablePath },
    firefoxUserPrefs: { ...firefoxUserPrefs, "dom.ipc.processCount.webIsolated": 32, ...prefs },
  });
}
