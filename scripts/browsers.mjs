// The browsers that the tests drive: where they are, and how Playwright and WebDriver start them.
// CHROME_PATH, FIREFOX_PATH and WEBKIT_DRIVER name other ones than those found in the usual places.
import { existsSync, mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { root } from "./run.mjs";

const usualPlaces = {
  chromium: [
    "/usr/bin/chromium",
    "/usr/bin/chromium-browser",
    "/usr/bin/google-chrome",
    "/Applications/Google Chrome.app/Contents/MacOS/Google Chrome",
  ],
  firefox: ["/usr/bin/firefox-esr", "/usr/bin/firefox", "/Applications/Firefox.app/Contents/MacOS/firefox"],
};

const find = (places) => places.find((path) => existsSync(path)) ?? places[0];

export const chromePath = process.env.CHROME_PATH || find(usualPlaces.chromium);
export const firefoxPath = process.env.FIREFOX_PATH || find(usualPlaces.firefox);

export const webkitDriverPath = process.env.WEBKIT_DRIVER || "/usr/bin/WebKitWebDriver";

/** Chromium's engine without a window, where Debian puts it. */
export const shellPath = "/usr/bin/chromium-headless-shell";

/** WebKit's own processes may not make sandboxes in a container, and nothing is drawn by a graphics card. */
export const webkitEnvironment = {
  WEBKIT_DISABLE_SANDBOX_THIS_IS_DANGEROUS: "1",
  WEBKIT_DISABLE_COMPOSITING_MODE: "1",
  WEBKIT_DISABLE_DMABUF_RENDERER: "1",
  GDK_BACKEND: "x11",
  XDG_RUNTIME_DIR: process.env.XDG_RUNTIME_DIR ?? tmpdir(),
};

/** Playwright's launch options for each browser: `playwright[name].launch(launchOptions[name])`. */
export const launchOptions = {
  chromium: {
    executablePath: chromePath,
    args: [
      "--no-sandbox",
      "--disable-gpu",
      "--disable-dev-shm-usage",
      "--enable-precise-memory-info",
      "--js-flags=--expose-gc",
    ],
  },
  // The channel makes Playwright drive a stock Firefox instead of its own build.
  firefox: {
    executablePath: firefoxPath,
    channel: "moz-firefox",
    // Nobody is there to answer when a page asks for lasting storage.
    firefoxUserPrefs: { "dom.storageManager.prompt.testing": true, "dom.storageManager.prompt.testing.allow": true },
  },
};

/**
 * Chromium for pages that no other tab hides: without a window, which has pages of its own, one opens in a quarter of the
 * processor's time (0.6 s, not 2.5). Where that is not installed, or another Chrome is wanted, that one does.
 */
export const windowless = {
  ...launchOptions.chromium,
  executablePath: existsSync(shellPath) && !process.env.CHROME_PATH ? shellPath : chromePath,
};

export const browserNames = Object.keys(launchOptions);

/** The environment in which `wasm-pack test --headless --<browser>` finds that browser's driver and capabilities. */
export function webdriverEnv(browser) {
  const capabilities = JSON.parse(readFileSync(join(root, "webdriver.json"), "utf8"));
  capabilities["goog:chromeOptions"].binary = chromePath;
  capabilities["moz:firefoxOptions"].binary = firefoxPath;
  const file = join(root, "build", "webdriver.json");
  mkdirSync(join(root, "build"), { recursive: true });
  writeFileSync(file, JSON.stringify(capabilities));

  // The test runner takes the first driver variable that is set, whatever browser was asked for.
  const drivers = ["GECKODRIVER", "SAFARIDRIVER", "CHROMEDRIVER", "MSEDGEDRIVER"];
  const wanted = { chrome: "CHROMEDRIVER", firefox: "GECKODRIVER", safari: "SAFARIDRIVER" }[browser];
  const others = drivers.filter((driver) => driver !== wanted).map((driver) => [driver, undefined]);
  return {
    ...Object.fromEntries(others),
    ...(browser === "safari" && { ...webkitEnvironment, SAFARIDRIVER: webkitDriverPath }),
    WASM_BINDGEN_TEST_WEBDRIVER_JSON: file,
    // Seconds; what is allowed by default is short for a busy machine with two cores.
    WASM_BINDGEN_TEST_DRIVER_TIMEOUT: "30",
    WASM_BINDGEN_TEST_TIMEOUT: "180",
  };
}
