import { type Browser, type BrowserContextOptions, chromium, firefox } from "playwright";
import { launchOptions, windowless } from "../../../scripts/browsers.mjs";

export const browserNames = ["chromium", "firefox"] as const;
export type BrowserName = (typeof browserNames)[number];

/** Where a page only draws and says what it was told, in which an engine has no say, one is enough. */
export const oneBrowser: readonly BrowserName[] = ["chromium"];

/** What a visitor's system may prefer. */
export interface Preferences {
  readonly dark?: boolean;
  readonly reducedMotion?: boolean;
}

/** Starts a browser. Chromium takes preferences with each context, stock Firefox as settings of the whole browser. */
export function launch(name: BrowserName, { dark, reducedMotion }: Preferences = {}): Promise<Browser> {
  if (name === "chromium") return chromium.launch(windowless);
  return firefox.launch({
    ...launchOptions.firefox,
    firefoxUserPrefs: {
      "layout.css.prefers-color-scheme.content-override": dark ? 0 : 1,
      "ui.prefersReducedMotion": reducedMotion ? 1 : 0,
    },
  });
}

export const contextOptions = ({ dark, reducedMotion }: Preferences): BrowserContextOptions => ({
  colorScheme: dark ? "dark" : "light",
  reducedMotion: reducedMotion ? "reduce" : "no-preference",
});
