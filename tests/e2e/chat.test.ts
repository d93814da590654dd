import type { Browser, BrowserContextOptions } from "playwright";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { announcements } from "./support/announcements.ts";
import { browserNames, contextOptions, launch } from "./support/browser.ts";
import { ChatPage } from "./support/chat-page.ts";
import { axeVariants, seriousFindings } from "./support/page.ts";
import { startSite } from "./support/site.mjs";
import { holdFrames } from "./support/timers.ts";

let site: Awaited<ReturnType<typeof startSite>>;

beforeAll(async () => {
  site = await startSite();
});

afterAll(() => site?.close());

describe.each(browserNames)("the chat with its script, in %s", (name) => {
  let browser: Browser;

  beforeAll(async () => {
    browser = await launch(name);
  });

  afterAll(() => browser?.close());

  /** Visits, and holds that the browser had nothing to complain of. */
  async function visit(look: (chat: ChatPage) => Promise<void>, options: BrowserContextOptions = {}, by = browser) {
    const chat = await ChatPage.open(by, site.address, options);
    await look(chat);
    expect(chat.complaints).toEqual([]);
    expect(await chat.violations()).toEqual([]);
    await chat.close();
  }

  const composing = (chat: ChatPage) => chat.composer.evaluate((field) => field === document.activeElement);

  test("an answer streams, is drawn as Markdown, and is announced once, when it is whole", () =>
    visit(async (chat) => {
      const drawn = await chat.watchDrawing();
      await chat.button("Introduce yourself").click();
      await chat.status("done");
      const lengths = await drawn();
      expect(lengths.length).toBeGreaterThan(5);
      await expect.poll(() => chat.answers.locator("th").allTextContents()).toEqual(["what you see", "what it is"]);
      await expect.poll(() => chat.answers.locator("strong").first().textContent()).toBe("script");
      await expect.poll(() => chat.answers.locator("ol li").count()).toBe(3);
      await expect
        .poll(() => chat.answers.locator("pre code").textContent())
        .toContain('createWorker({ name: "Ada" })');
      await expect.poll(() => chat.entry("Introduce yourself").count()).toBe(1);
      await expect
        .poll(() => announcements(chat.page))
        .toEqual([expect.stringMatching(/^Answer: I am a \*\*script\*\*/)]);
      await expect.poll(() => chat.composer.evaluate((field) => field === document.activeElement)).toBe(true);
    }));

  test("a tool asks: approved and denied from the keyboard, twice, and announced", () =>
    visit(async (chat) => {
      await chat.send("Lorem ipsum please, twice");
      await chat.status("asks you");
      await expect.poll(() => chat.entry(/Lorem ipsum please, twice/).textContent()).toContain("asks you");
      const focused = () => chat.page.evaluate(() => document.activeElement?.textContent);
      await chat.composer.press("Shift+Tab");
      await expect.poll(() => focused()).toBe("Deny");
      await chat.page.keyboard.press("Shift+Tab");
      await expect.poll(() => focused()).toBe("Approve");
      await chat.page.keyboard.press("Enter");
      await chat.tools.nth(1).getByText("May it?").waitFor();
      await chat.tools.nth(0).getByText("What the model was told").click();
      await expect.poll(() => chat.tools.nth(0).locator("pre").textContent()).toMatch(/^[A-Z][a-z]+ [a-z ]+\./);
      await expect.poll(() => chat.composer.evaluate((field) => field === document.activeElement)).toBe(false);
      // To reach that, the log may have been scrolled up: then "To the newest" stands between the field and this.
      await chat.button("Deny").press("Space");
      await chat.status("done");
      await chat.answer("You said no to one call. Here it is:");
      await expect.poll(() => chat.answers.last().locator("blockquote").count()).toBe(1);
      await expect.poll(() => chat.tools.count()).toBe(2);
      await chat.tools.nth(1).getByText("What the model was told").click();
      await expect.poll(() => chat.tools.nth(1).locator("pre").textContent()).toContain("denied");
      const asked = (await announcements(chat.page)).filter((line) => line.includes("asks to use lorem_ipsum"));
      expect(asked).toHaveLength(2);
    }));

  test("after an answer to a tool the focus is back in the message field", () =>
    visit(async (chat) => {
      await chat.send("Lorem ipsum please");
      await chat.button("Approve").click();
      await expect.poll(() => chat.composer.evaluate((field) => field === document.activeElement)).toBe(true);
      await chat.status("done");
    }));

  test("Stop keeps what has arrived; Escape stops too, also during a question; the next prompt works", () =>
    visit(async (chat) => {
      const script = await chat.holdScript();
      await chat.send("Introduce yourself");
      await chat.answer("I am a");
      await chat.button("Stop").click();
      await chat.status("stopped");
      await script.release();
      const kept = await chat.answers.last().textContent();
      expect(kept).toContain("I am a");
      expect(kept).not.toContain("Give the page a real model");

      await chat.send("Lorem ipsum please");
      await chat.status("asks you");
      await chat.composer.press("Escape");
      await chat.status("stopped");
      await expect.poll(() => chat.button("Approve").count()).toBe(0);
      await chat.tools.first().getByText("What the model was told").click();
      await expect.poll(() => chat.tools.first().locator("pre").textContent()).toContain("ended before");

      await chat.send("What time is it?");
      await chat.answer(/^It is .+\d{4}/);
      await chat.status("done");
      await expect
        .poll(() => chat.prompts.allTextContents())
        .toEqual(["Introduce yourself", "Lorem ipsum please", "What time is it?"]);
      await expect.poll(() => chat.answers.first().textContent()).toBe(kept);
    }));

  test("Escape right after Enter, before another frame is drawn, stops, and what was sent is not lost", () =>
    visit(async (chat) => {
      await chat.holdScript();
      await chat.send("Introduce yourself");
      await chat.answer("I am a");
      const frames = await holdFrames(chat.page);
      await chat.send("What time is it?");
      await chat.composer.press("Escape");
      await frames.release();
      await chat.status("stopped");
      await expect.poll(() => chat.composer.inputValue()).toBe("What time is it?");

      const others = await holdFrames(chat.page);
      await chat.send("Lorem ipsum please"); // it asks, and does not end by itself
      await chat.composer.press("Escape");
      await others.release();
      await chat.prompts.getByText("Lorem ipsum please").waitFor();
      await chat.status("stopped");
    }));

  test("Regenerate puts another answer in the place of the last", () =>
    visit(async (chat) => {
      await chat.send("What time is it?");
      await chat.status("done");
      const script = await chat.holdScript();
      await chat.send("Introduce yourself");
      await chat.answer("I am a");
      await chat.composer.press("Escape");
      await chat.status("stopped");
      await script.release();
      await chat.button("Regenerate").click();
      await chat.answer("Give the page a real model");
      await chat.status("done");
      await expect.poll(() => chat.prompts.allTextContents()).toEqual(["What time is it?", "Introduce yourself"]);
      await expect.poll(() => chat.answers.count()).toBe(2);
    }));

  test("a message is edited from the keyboard: what was said after it gives way to another answer", () =>
    visit(async (chat) => {
      await chat.send("Introduce yourself");
      await chat.answer("Give the page a real model");
      await chat.status("done");
      await chat.send("What time is it?");
      await chat.status("done");
      const edit = chat.button("Edit message: Introduce yourself");
      const field = chat.page.getByLabel("Edit the message");

      await edit.press("Enter");
      await expect.poll(() => field.evaluate((element) => element === document.activeElement)).toBe(true);
      await field.fill("something else");
      expect(await seriousFindings(chat.page)).toEqual([]);
      await field.press("Escape");
      await expect.poll(() => chat.prompts.allTextContents()).toEqual(["Introduce yourself", "What time is it?"]);

      await edit.press("Enter");
      await expect.poll(() => field.inputValue()).toBe("Introduce yourself");
      await field.fill("Think first, please");
      await field.press("Enter");
      await chat.answer("as far as a script can");
      await chat.status("done");
      await expect.poll(() => chat.prompts.allTextContents()).toEqual(["Think first, please"]);
      await expect.poll(() => chat.answers.count()).toBe(1);
      await expect.poll(() => composing(chat)).toBe(true);

      // One that is left open: whoever types elsewhere goes on typing there, and what it holds is not lost.
      await chat.button("Edit message: Think first, please").click();
      await field.fill("half an edit");
      await chat.send("What time is it?");
      await chat.answer(/^It is .+\d{4}/);
      await expect.poll(() => field.inputValue()).toBe("half an edit");
      expect(await composing(chat)).toBe(true);
      await chat.button("New conversation").click();
      await expect.poll(() => field.count()).toBe(0);
      await expect.poll(() => composing(chat)).toBe(true);
      const asks = () => chat.page.evaluate(() => !dispatchEvent(new Event("beforeunload", { cancelable: true })));
      expect(await asks()).toBe(true);
      await chat.entry(/Think first/).click();
      await expect.poll(() => field.inputValue()).toBe("half an edit");
      await field.press("Escape");
      expect(await asks()).toBe(false);
    }));

  test("what the model thought is folded, and opens from the keyboard", () =>
    visit(async (chat) => {
      await chat.send("Think first, please");
      await chat.status("done");
      const thought = chat.said.getByText("They want to see thought");
      await expect.poll(() => thought.isVisible()).toBe(false);
      await chat.said.getByText("What the model thought").press("Enter");
      await expect.poll(() => thought.isVisible()).toBe(true);
      await expect.poll(() => chat.answers.textContent()).not.toContain("They want");
      expect(await seriousFindings(chat.page)).toEqual([]);
    }));

  test("what is sent while an answer arrives waits for its turn; Stop puts it back into the field", () =>
    visit(async (chat) => {
      const script = await chat.holdScript();
      await chat.send("Introduce yourself");
      await chat.answer("I am a");
      await chat.send("What time is it?");
      await chat.send("Lorem ipsum please");
      await expect.poll(() => chat.composer.inputValue()).toBe("");
      await expect.poll(() => chat.waiting.allTextContents()).toEqual(["What time is it?", "Lorem ipsum please"]);
      expect(await seriousFindings(chat.page)).toEqual([]);
      await script.release();
      await chat.status("asks you");
      await expect.poll(() => chat.waiting.count()).toBe(0);
      await expect
        .poll(() => chat.prompts.allTextContents())
        .toEqual(["Introduce yourself", "What time is it?", "Lorem ipsum please"]);
      await chat.send("What time is it?");
      await expect.poll(() => chat.waiting.allTextContents()).toEqual(["What time is it?"]);
      await chat.composer.fill("half a thought");
      await chat.composer.press("Escape");
      await chat.status("stopped");
      await expect.poll(() => chat.composer.inputValue()).toBe("What time is it?\n\nhalf a thought");
      await expect.poll(() => chat.waiting.count()).toBe(0);
      await expect.poll(() => chat.prompts.count()).toBe(3);
    }));

  test("a message whose answer failed is not sent again with the next", () =>
    visit(async (chat) => {
      await chat.send("Fail once, please");
      await chat.status("failed");
      await chat.send("What time is it?");
      await chat.answer(/^It is .+\d{4}/);
      await chat.status("done");
      const last = async () => (await chat.prompts.allTextContents()).at(-1);
      await expect.poll(last).toBe("What time is it?");
      await expect.poll(() => chat.page.getByTestId("failure").count()).toBe(0);
    }));

  test("one that failed with others behind it stays to be seen, and can be asked again", () =>
    visit(async (chat) => {
      const script = await chat.holdScript();
      await chat.send("Introduce yourself");
      await chat.answer("I am a");
      await chat.send("Fail once, please");
      await chat.send("Think first, please");
      await expect.poll(() => chat.waiting.count()).toBe(2);
      await script.release();
      await chat.answer("as far as a script can");
      await chat.status("done");
      const failed = chat.page.getByRole("list", { name: "Questions that failed" });
      await failed.getByText("“Fail once, please” failed. Error: The script broke off").waitFor();
      expect(await seriousFindings(chat.page)).toEqual([]);
      await failed.getByRole("button", { name: "Ask again" }).click();
      await chat.answer("This time it went well.");
      await chat.status("done");
      await expect.poll(() => failed.count()).toBe(0);

      await chat.send("Fail once, please");
      await chat.send("What time is it?");
      await chat.answer(/^It is .+\d{4}/);
      await failed.getByRole("button", { name: "Dismiss" }).press("Enter");
      await expect.poll(() => failed.count()).toBe(0);
      await expect.poll(() => composing(chat)).toBe(true);
    }));

  test("a failure is shown, and Retry asks the same once more", () =>
    visit(async (chat) => {
      await chat.send("Fail once, please");
      await chat.page.getByTestId("failure").getByText("The script broke off").waitFor();
      await chat.status("failed");
      await expect.poll(() => chat.answers.last().textContent()).toContain("This begins well");
      await chat.button("Retry").click();
      await chat.answer("This time it went well.");
      await chat.status("done");
      await expect.poll(() => chat.page.getByTestId("failure").count()).toBe(0);
      await expect.poll(() => chat.prompts.allTextContents()).toEqual(["Fail once, please"]);
      await expect.poll(() => chat.answers.count()).toBe(1);
    }));

  test("several conversations answer at once, watched or not; what is typed in each stays", () =>
    visit(async (chat) => {
      const script = await chat.holdScript();
      await chat.send("Introduce yourself");
      await chat.answer("I am a");
      await chat.composer.fill("half a thought");

      await chat.button("New conversation").click();
      await chat.page.getByRole("heading", { level: 2, name: "Conversation 2" }).waitFor();
      await expect.poll(() => chat.composer.inputValue()).toBe("");
      await chat.send("Lorem ipsum please");
      await chat.status("asks you");
      await chat.button("New conversation").click();
      await script.another();
      await chat.send("Introduce yourself");
      await chat.answer("I am a");
      await expect.poll(() => chat.entry(/Lorem ipsum please/).textContent()).toContain("asks you");

      await script.release();
      await chat.page.locator(".entry").first().getByText("new answer").waitFor();
      await chat.page.locator(".entry").first().click();
      await chat.answer("Give the page a real model");
      await expect.poll(() => chat.composer.inputValue()).toBe("half a thought");
      await expect.poll(() => chat.prompts.allTextContents()).toEqual(["Introduce yourself"]);

      await chat.entry(/Lorem ipsum please/).click();
      await chat.button("Approve").click();
      await chat.answer("Here it is:");
      await chat.status("done");
      await chat.page.locator(".entry").nth(2).click();
      await chat.status("done");
      await expect.poll(() => chat.answers.count()).toBe(1);
    }));

  test("Enter sends, Shift and Enter begin a line, and what composes a character does neither", () =>
    visit(async (chat) => {
      await chat.composer.pressSequentially("one");
      await chat.composer.press("Shift+Enter");
      await chat.composer.pressSequentially("two");
      await expect.poll(() => chat.composer.inputValue()).toBe("one\ntwo");
      // As Safari has it where it ends a composition: no longer composing, and with the code of no key.
      for (const composed of [{ isComposing: true }, { keyCode: 229 }]) {
        await chat.composer.evaluate((field, composed) => {
          const init = { key: "Enter", ...composed, bubbles: true, cancelable: true };
          field.dispatchEvent(new KeyboardEvent("keydown", init));
        }, composed);
      }
      await expect.poll(() => chat.composer.inputValue()).toBe("one\ntwo");
      await chat.composer.press("Enter");
      await chat.status("done");
      await expect.poll(() => chat.prompts.first().textContent()).toBe("one\ntwo");
    }));

  test("a deleted conversation's answer is stopped, and the others go on", () =>
    visit(async (chat) => {
      await chat.send("Introduce yourself");
      await chat.answer("I am a");
      await chat.button("New conversation").click();
      await chat.send("Introduce yourself");
      await chat.answer("I am a");
      await chat.button("Delete conversation: Introduce yourself").click();
      await chat.page.locator(".entry").nth(1).waitFor({ state: "detached" });
      await chat.answer("Give the page a real model");
      await chat.status("done");
      await chat.button("Delete conversation: Introduce yourself").click();
      await chat.page.getByRole("heading", { level: 2, name: "Conversation 3" }).waitFor();
      await expect.poll(() => composing(chat)).toBe(true);
      await expect.poll(() => chat.prompts.count()).toBe(0);
    }));

  test("a long answer is drawn no oftener than the screen", () =>
    visit(async (chat) => {
      const drawn = await chat.watchDrawing();
      await chat.send("A long answer, please");
      await chat.answer("Part 200");
      await chat.status("done");
      const { frames, elapsed } = await chat.frames();
      const { length } = await drawn();
      expect(length).toBeGreaterThan(5);
      // What waits for a frame is drawn after 100 ms without one.
      expect(length).toBeLessThanOrEqual(frames + 1 + elapsed / 100);
      await expect.poll(() => chat.answers.locator("h4").count()).toBe(200);
    }));

  test.each(
    axeVariants(name, [
      ["light", 1160],
      ["dark", 1160],
      ["light", 360],
      ["dark", 360],
    ] as const),
  )("in the %s theme, %d pixels wide: axe finds nothing serious, nothing scrolls sideways", async (theme, width) => {
    const preferences = { dark: theme === "dark" };
    const own = await launch(name, preferences);
    await visit(
      async (chat) => {
        await chat.send("Introduce yourself");
        await chat.status("done");
        await chat.send("Lorem ipsum please");
        await chat.status("asks you");
        // Without its scheme it would be a folder of this page's own server.
        await chat.use({ baseUrl: "api.example.com/v1", model: "", apiKey: "" });
        await chat.page.getByText("must be an http or https address").waitFor();
        expect(await seriousFindings(chat.page)).toEqual([]);
        const widest = await chat.page.evaluate(() => document.documentElement.scrollWidth);
        expect(widest).toBeLessThanOrEqual(width);
        await chat.composer.press("Escape");
        await chat.status("stopped");
        expect(await seriousFindings(chat.page)).toEqual([]);
      },
      { ...contextOptions(preferences), viewport: { width, height: 900 } },
      own,
    );
    await own.close();
  });
});
