import type { Browser, BrowserContextOptions, Locator, Page } from "playwright";
import { type OpenPage, openPage } from "./page.ts";
import { type HeldTimers, holdTimers } from "./timers.ts";

export interface TypedServer {
  readonly baseUrl: string;
  readonly model: string;
  readonly apiKey?: string;
}

interface Counting {
  readonly counted: { readonly lengths: number[]; readonly frames: number; readonly since: number };
}

const SOME_WORDS = 10;

/** The chat as a visitor handles it. Everything waits on what the page shows. */
export class ChatPage {
  private constructor(private readonly opened: OpenPage) {}

  /** `expected`: what browsers report as errors although the test brings it about. */
  static async open(
    browser: Browser,
    address: string,
    options: BrowserContextOptions & { expected?: RegExp } = {},
  ): Promise<ChatPage> {
    const opened = await openPage(browser, `${address}/chat.html`, options);
    // The page asks before it is left with something unsaid in it.
    opened.page.on("dialog", (dialog) => void dialog.accept());
    return new ChatPage(opened);
  }

  get page(): Page {
    return this.opened.page;
  }

  /** Errors on the console and uncaught ones. */
  get complaints(): readonly string[] {
    return this.opened.complaints;
  }

  violations(): Promise<string[]> {
    return this.opened.violations();
  }

  close(): Promise<void> {
    return this.opened.close();
  }

  button(name: string): Locator {
    return this.page.getByRole("button", { name, exact: true });
  }

  get composer(): Locator {
    return this.page.getByLabel("Message", { exact: true });
  }

  /** What is asked of the model, in the selected conversation. */
  get prompts(): Locator {
    return this.page.getByRole("article", { name: "You" }).locator(".prompt-text");
  }

  /** What was sent and waits for its turn. */
  get waiting(): Locator {
    return this.page.getByRole("list", { name: "Waiting for their turn" }).getByRole("listitem");
  }

  get answers(): Locator {
    return this.page.getByRole("article", { name: "Model" });
  }

  /** Uses of a tool, oldest first. */
  get tools(): Locator {
    return this.page.getByRole("region", { name: /^Tool / });
  }

  get said(): Locator {
    return this.page.getByRole("log");
  }

  async send(prompt: string): Promise<void> {
    await this.composer.fill(prompt);
    await this.composer.press("Enter");
  }

  /** Of the selected conversation: "answering", "asks you", "done". */
  async status(text: string): Promise<void> {
    await this.page.getByTestId("status").getByText(text, { exact: true }).waitFor();
  }

  /** Waits until the last answer has such text. */
  async answer(text: string | RegExp): Promise<void> {
    await this.answers.last().getByText(text).first().waitFor();
  }

  /** From here on the script's next answer stops after a few words, until it is released; `another` lets one more begin. */
  async holdScript(): Promise<{ another(): Promise<void>; release: HeldTimers["release"] }> {
    // It waits 28 ms before each word; some of that may have passed when the timer is set.
    const { allow, release } = await holdTimers(this.page, { from: 25, to: 28, allowed: SOME_WORDS });
    return { another: () => allow(SOME_WORDS), release };
  }

  entry(title: string | RegExp): Locator {
    return this.page.getByRole("navigation", { name: "Conversations" }).getByRole("button", { name: title });
  }

  async use({ baseUrl, model, apiKey = "" }: TypedServer): Promise<void> {
    await this.page.getByLabel("OpenAI-compatible server").check();
    await this.page.getByLabel("Base URL").fill(baseUrl);
    await this.page.getByRole("textbox", { name: "Model", exact: true }).fill(model);
    await this.page.getByLabel(/^API key/).fill(apiKey);
    await this.button("Use this server").click();
  }

  async useServer(server: TypedServer): Promise<void> {
    await this.use(server);
    await this.page.getByTestId("server").getByText(`In use: ${server.model} at `).waitFor();
  }

  /** From now on, how long the answer was each time it was drawn; and frames are counted. */
  async watchDrawing(): Promise<() => Promise<number[]>> {
    await this.page.evaluate(() => {
      const lengths: number[] = [];
      const counted = { lengths, frames: 0, since: performance.now() };
      Object.assign(window, { counted });
      const frame = () => {
        counted.frames += 1;
        requestAnimationFrame(frame);
      };
      requestAnimationFrame(frame);
      new MutationObserver(() => {
        const length = document.querySelector(".answer")?.textContent?.length ?? 0;
        if (length !== (lengths.at(-1) ?? 0)) lengths.push(length);
      }).observe(document.body, { childList: true, characterData: true, subtree: true });
    });
    return () => this.page.evaluate(() => (window as unknown as Counting).counted.lengths);
  }

  /** Since `watchDrawing`, with the milliseconds that took. */
  frames(): Promise<{ readonly frames: number; readonly elapsed: number }> {
    return this.page.evaluate(() => {
      const { frames, since } = (window as unknown as Counting).counted;
      return { frames, elapsed: performance.now() - since };
    });
  }
}
