import { readFileSync } from "node:fs";
import { join } from "node:path";
import type { Browser, Page } from "playwright";
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from "vitest";
import { Adler32 } from "../../www/shared/adler32.ts";
import { announced, announcements } from "./support/announcements.ts";
import { browserNames, contextOptions, launch, oneBrowser } from "./support/browser.ts";
import { axeVariants, holdRequests, type OpenPage, openPage, seriousFindings, slowAnswers } from "./support/page.ts";
import { startSite } from "./support/site.mjs";

const folder = join(import.meta.dirname, "../../www/recipes");
const files = [
  ...["search", "save-once", "autosave", "upload", "lasting-upload", "import", "poll"],
  ...["per-host", "undo", "wizard", "checksum", "rest", "answer"],
];

let site: Awaited<ReturnType<typeof startSite>>;

beforeAll(async () => {
  site = await startSite();
});

afterAll(() => site?.close());

describe.each(browserNames)("recipes, in %s", (name) => {
  let browser: Browser;
  let opened: OpenPage;
  let page: Page;

  beforeAll(async () => {
    browser = await launch(name);
  });

  afterAll(() => browser?.close());

  beforeEach(async () => {
    // The server refuses parts of each upload on purpose.
    opened = await openPage(browser, `${site.address}/recipes.html`, { expected: /\/api\/uploads\// });
    page = opened.page;
  });

  afterEach(async () => {
    const violations = await opened.violations();
    await opened.close();
    expect(opened.complaints).toEqual([]);
    expect(violations).toEqual([]);
  });

  const recipe = (file: string) => page.getByTestId(`recipe-${file}`);
  const press = (file: string, button: string) =>
    recipe(file).getByRole("button", { name: button, exact: true }).click();
  const said = (testId: string, text: string | RegExp) => page.getByTestId(testId).getByText(text).first().waitFor();
  const fromServer = async (path: string) => (await fetch(`${site.address}${path}`)).json();
  const attribute = async (testId: string, attribute: string) =>
    (await page.getByTestId(testId).getAttribute(attribute)) ?? "";

  test("the code shown is the file that runs", async () => {
    for (const file of files) {
      const shown = await page.getByLabel(`Source of ${file}.ts`).textContent();
      expect(shown).toBe(readFileSync(join(folder, `${file}.ts`), "utf8").trimEnd());
    }
    await expect.poll(() => page.locator(".recipe").count()).toBe(files.length);
  });

  test("search as you type: only the last of what is typed fast is sent, only the last answer is shown", async () => {
    const asked: string[] = [];
    page.on("request", (request) => {
      const { pathname, searchParams } = new URL(request.url());
      if (pathname === "/api/search") asked.push(searchParams.get("q") ?? "");
    });
    const field = page.getByLabel("Search HTTP's status codes");
    // All in one turn of the event loop: no machine is too slow for it.
    await field.evaluate((input: HTMLInputElement) => {
      for (const text of ["t", "te", "tea", "teap", "teapot"]) {
        input.value = text;
        input.dispatchEvent(new Event("input", { bubbles: true }));
      }
    });
    await said("found", "418 I'm a Teapot");
    expect(asked).toEqual(["teapot"]);
    const sent = page.waitForRequest(/q=gateway/);
    await field.fill("gateway");
    await sent;
    await field.fill("gone"); // takes the place of one that is on its way
    await said("found", "410 Gone");
    await expect.poll(() => page.getByTestId("found").locator("li").allTextContents()).toEqual(["410 Gone"]);
  });

  test("save once: three presses are one order", async () => {
    const sent = page.waitForRequest((request) => request.method() === "POST");
    await recipe("save-once")
      .getByRole("button")
      .evaluate((button: HTMLButtonElement) => {
        for (let press = 0; press < 3; press += 1) button.click();
      });
    const cart = new URL((await sent).url()).searchParams.get("cart");
    const lines = page.getByTestId("presses").locator("li");
    await lines.nth(5).waitFor();
    await expect
      .poll(() => lines.allTextContents())
      .toEqual([
        "JOB_CREATED",
        ...["JOB_ALREADY_RUNNING", "JOB_ALREADY_RUNNING"],
        ...Array<string>(3).fill("this press has order 1"),
      ]);
    expect(await fromServer(`/api/orders?cart=${cart}`)).toEqual({ number: 1 });
  });

  /** What the field gets in one turn of the event loop, and the requests that follow. */
  const type = (field: ReturnType<Page["getByLabel"]>, ...texts: string[]) =>
    field.evaluate((input: HTMLInputElement, texts) => {
      for (const text of texts) {
        input.value = text;
        input.dispatchEvent(new Event("input", { bubbles: true }));
      }
    }, texts);

  test("save as you type: the newest text waits for a save that runs, and no other is sent", async () => {
    const requests = { sent: 0, broken: 0 };
    const isSave = (url: string) => url.includes("/api/notes/");
    page.on("request", (request) => isSave(request.url()) && (requests.sent += 1));
    page.on("requestfailed", (request) => isSave(request.url()) && (requests.broken += 1));
    const field = page.getByLabel("A note");
    const saved = async () => fromServer(`/api/notes/${await field.getAttribute("data-id")}`);
    await type(field, "o", "on", "one");
    await expect.poll(saved).toMatchObject({ text: "one", saves: 1 }); // and answered later
    await type(field, "tw", "two");
    await expect.poll(saved).toMatchObject({ text: "two", saves: 2 });
    await page.getByTestId("note").getByText("saved", { exact: true }).waitFor();
    expect(requests).toEqual({ sent: 2, broken: 0 });
  });

  test("save as you type: what still waits is sent when the page is left", async () => {
    const field = page.getByLabel("A note");
    const id = await field.getAttribute("data-id");
    // Without timers the half second is never over.
    await field.evaluate((input: HTMLInputElement) => {
      window.setTimeout = (() => 0) as unknown as typeof setTimeout;
      input.value = "left";
      input.dispatchEvent(new Event("input", { bubbles: true }));
      location.href = "/";
    });
    await page.getByRole("heading", { level: 1, name: "The job manager for web apps" }).waitFor();
    await expect.poll(() => fromServer(`/api/notes/${id}`)).toMatchObject({ text: "left", saves: 1 });
  });

  if (oneBrowser.includes(name)) {
    test("save as you type: what could not be sent while hidden is sent later", async () => {
      const field = page.getByLabel("A note");
      const id = await field.getAttribute("data-id");
      await page.evaluate(() => {
        const { fetch } = window;
        let refused = () => {};
        const isRefused = new Promise<void>((resolve) => {
          refused = resolve;
        });
        window.fetch = async (input, init) => {
          if (!String(input).startsWith("/api/notes/")) return fetch(input, init);
          refused();
          throw new TypeError("offline");
        };
        const look = (visibilityState: string) => {
          Object.defineProperty(document, "visibilityState", { value: visibilityState, configurable: true });
          document.dispatchEvent(new Event("visibilitychange", { bubbles: true }));
        };
        Object.assign(window, {
          leave: () => {
            look("hidden");
            return isRefused;
          },
          comeBack: () => {
            window.fetch = fetch;
            look("visible");
          },
        });
      });
      const call = (name: string) =>
        page.evaluate((name) => (window as unknown as Record<string, () => unknown>)[name]!(), name);
      await type(field, "kept");
      await call("leave");
      await call("comeBack");
      await expect.poll(() => fromServer(`/api/notes/${id}`)).toMatchObject({ text: "kept" });
      await page.getByTestId("note").getByText("saved", { exact: true }).waitFor();
    });
  }

  if (oneBrowser.includes(name)) {
    test("what fails is said, where it was asked for", async () => {
      await page.evaluate(() => {
        const { fetch, setTimeout } = window;
        window.fetch = async (input, init) =>
          /^\/(api|files)\//.test(String(input)) ? new Response(null, { status: 503 }) : fetch(input, init);
        window.setTimeout = ((ring: () => void, wait = 0) =>
          setTimeout(ring, Math.min(wait, 300))) as typeof setTimeout;
        caches.open = async () => {
          throw new Error("no room");
        };
      });
      const failure = "Error: the server answered 503";
      await page.getByLabel("Search HTTP's status codes").fill("gone");
      await recipe("search").getByRole("alert").getByText(failure).waitFor();
      await expect.poll(() => page.getByTestId("found").textContent()).toBe("");
      await press("save-once", "Place the order");
      await said("presses", `this press has none. ${failure}`);
      await press("per-host", "Ask two hosts for five files each");
      const answers = page.getByTestId("answers").locator("li");
      await answers.nth(9).getByText(failure).waitFor();
      await press("undo", "Delete the letter");
      await page.locator("[data-testid=letter][data-state=failed]").waitFor();
      await recipe("undo").getByRole("alert").getByText(failure).waitFor();
      await press("wizard", "Enter and import");
      await said("wizard", "In the wizard, the import failed.");
      await recipe("wizard").getByRole("alert").getByText(failure).waitFor();
      await press("wizard", "Leave the wizard");
      await said("wizard", "Not in the wizard.");
      await press("answer", "Ask");
      await said("answer", failure);
      await press("lasting-upload", "Upload 2 MB made here");
      await recipe("lasting-upload").getByRole("alert").getByText("Error: no room").waitFor();
    });
  }

  test("upload: comes again when the server says, goes on after a refused part, waits while offline, arrives whole", async () => {
    // By the page's own clock: whoever else is late does not count.
    const calls = await page.evaluateHandle(() => {
      const { fetch } = window;
      const calls: { began: number; answered: number; status: number; after: string | null }[] = [];
      window.fetch = async (input, init) => {
        const began = Date.now();
        const response = await fetch(input, init);
        const { status, headers } = response;
        calls.push({ began, answered: Date.now(), status, after: headers.get("retry-after") });
        return response;
      };
      return calls;
    });
    // In the page, so that it is offline before it tries again.
    await page.getByTestId("upload").evaluate((line) => {
      new MutationObserver((_, observer) => {
        if (!/trying again in [12] s/.test(line.textContent ?? "")) return;
        observer.disconnect();
        Object.defineProperty(navigator, "onLine", { value: false, configurable: true });
      }).observe(line, { childList: true, characterData: true, subtree: true });
    });
    await press("upload", "Upload 2 MB");
    await said("upload", "waiting for a connection");
    await page.evaluate(() => {
      Object.defineProperty(navigator, "onLine", { value: true, configurable: true });
      dispatchEvent(new Event("online"));
    });
    await said("upload", "2000000 bytes");
    await said("upload", "completed");
    const answers = await calls.jsonValue();
    const refusals = answers.flatMap(({ status }, index) => (status >= 400 ? [index] : []));
    expect(refusals.map((index) => answers[index]!.status)).toEqual([429, 503]);
    const [seconds, date] = refusals.map((index) => answers[index]!);
    expect(seconds!.after).toBe("2");
    // Not sooner than asked; a busy machine may be late.
    expect(answers[refusals[0]! + 1]!.began - seconds!.answered).toBeGreaterThan(1_900);
    expect(answers[refusals[1]! + 1]!.began).toBeGreaterThanOrEqual(Date.parse(date!.after!) - 100);
  });

  test("upload: stopped while it waits for a connection", async () => {
    await page.evaluate(() => Object.defineProperty(navigator, "onLine", { value: false, configurable: true }));
    await press("upload", "Upload 2 MB");
    await said("upload", "waiting for a connection");
    await press("upload", "Stop the upload");
    await said("upload", "cancelled");
  });

  test("poll: asks until it is ready, later each time; stopping ends it between two times", async () => {
    await press("poll", "Ask for the report");
    await said("report", "ready when asked the 4th time");
    const waits = await page.evaluate(() => {
      const calls = performance.getEntriesByType("resource").filter(({ name }) => name.includes("/api/reports/"));
      return calls.slice(1).map(({ startTime }, at) => startTime - calls[at]!.startTime);
    });
    expect(waits).toHaveLength(3);
    // 200, 400 and 800 ms: a busy machine waits longer, none waits less.
    for (const [index, least] of [200, 400, 800].entries()) expect(waits[index]).toBeGreaterThan(least * 0.9);
    // Pressed in one turn: it can't have ended before.
    await recipe("poll").evaluate((recipe) => {
      const press = (text: string) =>
        [...recipe.querySelectorAll("button")].find((button) => button.textContent === text)?.click();
      press("Ask for the report");
      setTimeout(() => press("Stop asking"));
    });
    await said("report", "cancelled");
  });

  test("limit per host: never more than two at once of one host", async () => {
    const ask = recipe("per-host").getByRole("button");
    const letThemBeAnswered = await holdRequests(page, "GET", /^\/api\/proxy/);
    await ask.click();
    await expect.poll(() => ask.getAttribute("aria-disabled")).toBe("true"); // not twice at once
    await letThemBeAnswered();
    const lines = page.getByTestId("answers").locator("li");
    await lines.nth(9).waitFor();
    const texts = await lines.allTextContents();
    expect(texts).toHaveLength(10);
    for (const host of ["pictures", "texts"]) {
      const seen = texts.filter((text) => text.startsWith(host)).map((text) => Number(/(\d+) at once/.exec(text)?.[1]));
      expect(Math.max(...seen)).toBe(2);
    }
  });

  test("rest: a job is started, followed and stopped by requests that never leave the page", async () => {
    const sent: string[] = [];
    page.on("request", (request) => sent.push(new URL(request.url()).pathname));
    await press("rest", "POST a countdown");
    await said("countdown", "second");
    await said("countdown", "completed");
    expect(await recipe("rest").getByRole("progressbar").getAttribute("value")).toBe("100");
    // In the page, so that it can't have ended before.
    await recipe("rest").evaluate((recipe) => {
      const press = (text: string) =>
        [...recipe.querySelectorAll("button")].find((button) => button.textContent === text)?.click();
      new MutationObserver((_, observer) => {
        if (recipe.querySelector(".badge")?.textContent !== "running") return;
        observer.disconnect();
        press("DELETE it");
      }).observe(recipe, { childList: true, characterData: true, subtree: true });
      press("POST a countdown");
    });
    await said("countdown", "cancelled");
    expect(sent.filter((path) => path.startsWith("/api/jobs"))).toEqual([]);
  });

  test("undo: what is undone is never sent, what is not is", async () => {
    const deletions: string[] = [];
    page.on("request", (request) => request.method() === "DELETE" && deletions.push(request.url()));
    const letTimePass = await page.evaluateHandle(() => {
      const { setTimeout } = window;
      const held: (() => void)[] = [];
      window.setTimeout = ((ring: () => void, wait = 0) =>
        wait > 1000 ? held.push(ring) && 0 : setTimeout(ring, wait)) as typeof setTimeout;
      return () => {
        window.setTimeout = setTimeout;
        for (const ring of held) ring();
      };
    });
    await press("undo", "Delete the letter");
    await said("letter", "goes in 5 seconds");
    await press("undo", "Undo");
    const letter = page.getByTestId("letter");
    await page.locator("[data-testid=letter][data-state=there]").waitFor();
    const id = await letter.getAttribute("data-id");
    await press("undo", "Delete the letter");
    expect(await fromServer(`/api/messages/${id}`)).toEqual({ deleted: false });
    await letTimePass.evaluate((letTimePass) => letTimePass());
    await said("letter", "deleted on the server");
    expect(await fromServer(`/api/messages/${id}`)).toEqual({ deleted: true });
    expect(deletions).toHaveLength(1);
  });

  test("wizard: it is left when the server holds nothing of it any more", async () => {
    await holdRequests(page, "POST", /part=[3-9]/);
    const letItTakeBack = await holdRequests(page, "DELETE", /^\/api\/drafts\//);
    await press("wizard", "Enter and import");
    await said("wizard", "part 2 of 20");
    const id = await attribute("wizard", "data-draft");
    expect((await fromServer(`/api/drafts/${id}`)).parts).toBeGreaterThan(0);
    await press("wizard", "Leave the wizard");
    await said("wizard", "Leaving: waiting");
    expect((await fromServer(`/api/drafts/${id}`)).parts).toBeGreaterThan(0);
    await letItTakeBack();
    await said("wizard", "Not in the wizard.");
    expect(await fromServer(`/api/drafts/${id}`)).toEqual({ parts: null });
    await announced(page, "Not in the wizard.");
    expect((await announcements(page)).join()).not.toContain("part 2");
    // Left while it begins: whether the draft has arrived nobody knows.
    await holdRequests(page, "PUT", /^\/api\/drafts\//);
    const takenBack = page.waitForRequest((request) => request.method() === "DELETE");
    await press("wizard", "Enter and import");
    await press("wizard", "Leave the wizard");
    await takenBack;
    await said("wizard", "Not in the wizard.");
  });

  test("read a file: piece by piece in a worker, with progress, to the right sum; a stop ends it between pieces", async () => {
    const sum = new Adler32();
    const bytes = Buffer.from("x".repeat(2_500_000));
    sum.update(bytes);
    const chosen = { name: "some.bin", mimeType: "application/octet-stream", buffer: bytes };
    await page.getByLabel("A file of yours").setInputFiles(chosen);
    await said("checksum", sum.digest());
    await page.evaluate(() => {
      const seen = new Set<string>();
      const bar = document.querySelector("[data-testid=checksum] progress")!;
      new MutationObserver(() => seen.add(bar.getAttribute("value") ?? "")).observe(bar, { attributes: true });
      Object.assign(window, { seen });
    });
    await press("checksum", "Read 64 MB made here");
    await said("checksum", "completed");
    expect(await page.evaluate(() => (window as unknown as { seen: Set<string> }).seen.size)).toBeGreaterThan(3);
    // In the page, so that it can't have ended before.
    await recipe("checksum").evaluate((recipe) => {
      const button = (text: string) =>
        [...recipe.querySelectorAll("button")].find((button) => button.textContent === text)!;
      const stop = button("Stop reading");
      new MutationObserver((_, observer) => {
        if (stop.ariaDisabled === "true") return;
        observer.disconnect();
        stop.click();
      }).observe(stop, { attributes: true });
      button("Read 64 MB made here").click();
    });
    await said("checksum", "cancelled");
  });

  test("stream: it goes on while its page is left, and stops when it is told to", async () => {
    const asked: string[] = [];
    page.on("request", (request) => request.url().includes("/files/answer.txt") && asked.push(request.url()));
    await press("answer", "Ask");
    await press("answer", "Go to the settings");
    await page.getByTestId("settings").waitFor();
    await expect.poll(() => page.getByTestId("streamed").count()).toBe(0);
    await press("answer", "Go to the chat");
    await said("answer", "completed");
    const whole = readFileSync(join(folder, "../server/answer.txt"), "utf8");
    await expect.poll(() => page.getByTestId("streamed").textContent()).toBe(whole);
    expect(asked).toHaveLength(1);
    await slowAnswers(page);
    await press("answer", "Ask");
    await said("streamed", /^A job/);
    await press("answer", "Stop the answer");
    await said("answer", "cancelled");
  });

  test.each(axeVariants(name, [1160, 360]))(
    "%d pixels wide: axe finds nothing serious, nothing scrolls sideways",
    async (width) => {
      await page.setViewportSize({ width, height: 800 });
      await press("undo", "Delete the letter");
      expect(await seriousFindings(page)).toEqual([]);
      const widest = await page.evaluate(() => document.documentElement.scrollWidth);
      expect(widest).toBeLessThanOrEqual(width);
    },
  );
});

test("recipes in the dark: axe finds nothing serious", async () => {
  const browser = await launch("chromium", { dark: true });
  const { page } = await openPage(browser, `${site.address}/recipes.html`, contextOptions({ dark: true }));
  expect(await seriousFindings(page)).toEqual([]);
  await browser.close();
});
