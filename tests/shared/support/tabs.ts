// Real tabs of one profile, which close, crash, hang and die.
import type { Browser, BrowserContext, CDPSession, Page } from "playwright";
import { onTestFinished } from "vitest";
import type { TabOptions } from "./page.js";
import { processOf, stateOf } from "./processes.mjs";
import type { Site } from "./site.js";

export { launch } from "./launch.mjs";

export const browserNames = ["chromium", "firefox"] as const;
export type BrowserName = (typeof browserNames)[number];

export interface Profile {
  readonly name: BrowserName;
  readonly context: BrowserContext;
  readonly site: Site;
}

/** One that nobody has used yet. */
export async function newProfile(name: BrowserName, browser: Browser, site: Site): Promise<Profile> {
  const context = await browser.newContext();
  // A test's time is the limit, not half a minute: many tabs at once take long to load on a busy machine.
  context.setDefaultTimeout(200_000);
  onTestFinished(() => context.close());
  site.log.length = 0;
  return { name, context, site };
}

let opened = 0;

export interface OpenOptions extends TabOptions {
  /** Run in the page before anything else. */
  readonly before?: string | ((name: string) => string);
  /** Whether its process is found before there is a runner: a tab that runs jobs would be taken for hung meanwhile. */
  readonly findsProcess?: boolean;
}

export class Tab {
  readonly name: string;
  readonly page: Page;
  private readonly profile: Profile;
  private pid = 0;

  constructor(profile: Profile, page: Page, name: string) {
    this.profile = profile;
    this.page = page;
    this.name = name;
  }

  /** Takes a moment: call it before the fault is to happen. */
  async process(): Promise<number> {
    if (this.pid === 0) {
      this.pid = await processOf(this.page);
      const { pid } = this;
      // What is stopped can't be closed.
      onTestFinished(() => {
        if (stateOf(pid) === "T") process.kill(pid, "SIGCONT");
      });
    }
    return this.pid;
  }

  async kill(): Promise<void> {
    process.kill(await this.process(), "SIGKILL");
  }

  async crash(): Promise<void> {
    if (this.profile.name === "firefox") return this.kill();
    const crashed = new Promise((resolve) => this.page.once("crash", resolve));
    const session = await this.devTools();
    session.send("Page.crash").catch(() => {});
    await crashed;
  }

  /** Its process stands still, between two transactions. */
  async freeze(): Promise<void> {
    const pid = await this.process();
    const frozen = new Promise<void>((resolve) => {
      this.profile.site.onFreeze(this.name, () => {
        process.kill(pid, "SIGSTOP");
        resolve();
      });
    });
    // Answered when it is thawed, or never when it is killed.
    this.page.evaluate(() => tab.freezeProcess()).catch(() => {});
    await frozen;
  }

  async thaw(): Promise<void> {
    process.kill(await this.process(), "SIGCONT");
  }

  /** It computes, between two transactions, until what is returned is called. */
  async compute(): Promise<() => Promise<void>> {
    let goesOn = true;
    onTestFinished(() => {
      goesOn = false;
    });
    const begun = new Promise<void>((resolve) => {
      this.profile.site.onCompute(this.name, () => {
        resolve();
        return goesOn;
      });
    });
    const computed = this.page.evaluate(() => tab.compute());
    await begun;
    return () => {
      goesOn = false;
      return computed;
    };
  }

  /** Chromium alone has them. */
  devTools(): Promise<CDPSession> {
    return this.profile.context.newCDPSession(this.page);
  }

  close(): Promise<void> {
    return this.page.close();
  }

  async create(type: string, params: Record<string, unknown> = {}, options: object = {}): Promise<string> {
    const given = { type, params, options };
    return this.page.evaluate(async ({ type, params, options }) => {
      const { id } = await runner.createJob(type, params, options);
      return id;
    }, given);
  }

  /** The record, once the job has ended. */
  ended(id: string) {
    return this.page.evaluate((id) => tab.ended(id), id);
  }

  until(id: string, field: string, value: unknown): Promise<void> {
    return this.page.evaluate(({ id, field, value }) => tab.until(id, field, value), { id, field, value });
  }

  record(id: string) {
    return this.page.evaluate((id) => runner.getJob(id), id);
  }
}

export async function openTab(profile: Profile, options: OpenOptions = {}): Promise<Tab> {
  opened++;
  const name = `tab ${opened}`;
  const page = await profile.context.newPage();
  const { before, findsProcess, ...given } = options;
  if (before !== undefined) await page.addInitScript(typeof before === "string" ? before : before(name));
  const tab = new Tab(profile, page, name);
  await page.goto(`${profile.site.address}/?tab=${encodeURIComponent(name)}`);
  if (findsProcess) await tab.process();
  await page.evaluate((given) => globalThis.tab.open(given), given);
  return tab;
}
