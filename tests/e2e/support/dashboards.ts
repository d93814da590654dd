import type { Browser, BrowserContext, BrowserContextOptions } from "playwright";
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect } from "vitest";
import { type BrowserName, browserNames, launch } from "./browser.ts";
import { DashboardPage } from "./dashboard-page.ts";
import { startSite } from "./site.mjs";

/** What a test of the dashboard has: a context of its own, and the tabs that it opens there. */
export interface Visit {
  readonly name: BrowserName;
  readonly address: string;
  readonly context: BrowserContext;
  open(hash?: string, storage?: Parameters<typeof DashboardPage.open>[3]): Promise<DashboardPage>;
}

interface DashboardOptions extends BrowserContextOptions {
  /** Default: each. */
  readonly browsers?: readonly BrowserName[];
  start?(name: BrowserName): Promise<Browser>;
}

/** Tests of the dashboard in these browsers, which must have had nothing to complain of in any tab. */
export function describeDashboard(
  what: string,
  { browsers = browserNames, start = launch, ...options }: DashboardOptions,
  tests: (visit: Visit) => void,
): void {
  describe.each(browsers)(`${what}, in %s`, { timeout: 120_000 }, (name) => {
    let site: Awaited<ReturnType<typeof startSite>>;
    let browser: Browser;
    let context: BrowserContext;
    let tabs: DashboardPage[];

    beforeAll(async () => {
      site = await startSite();
      browser = await start(name);
    });

    afterAll(async () => {
      await browser?.close();
      await site?.close();
    });

    beforeEach(async () => {
      context = await browser.newContext(options);
      tabs = [];
    });

    afterEach(async () => {
      await context.close();
      expect(tabs.flatMap(({ complaints }) => complaints)).toEqual([]);
    });

    tests({
      name,
      get address() {
        return site.address;
      },
      get context() {
        return context;
      },
      async open(hash, storage) {
        const tab = await DashboardPage.open(context, site.address, hash, storage);
        tabs.push(tab);
        return tab;
      },
    });
  });
}
