import type { Browser } from "playwright";
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from "vitest";
import { announced } from "./support/announcements.ts";
import { browserNames, launch } from "./support/browser.ts";
import { holdRequests, slowAnswers } from "./support/page.ts";
import { startSite } from "./support/site.mjs";
import { TryPage } from "./support/try-page.ts";

interface DownloadRecord {
  readonly file: string;
  readonly totalBytes: number;
  readonly sentBytes: number;
  readonly outcome: string;
}

const FILE_BYTES = 24_000_000;

let site: Awaited<ReturnType<typeof startSite>>;

beforeAll(async () => {
  site = await startSite();
});

afterAll(() => site?.close());

describe.each(browserNames)("try it, in %s", (name) => {
  let browser: Browser;
  let visit: TryPage;

  beforeAll(async () => {
    browser = await launch(name);
  });

  afterAll(() => browser?.close());

  beforeEach(async () => {
    visit = await TryPage.open(browser, site.address);
  });

  afterEach(async () => {
    const violations = await visit.violations();
    await visit.close();
    expect(visit.complaints).toEqual([]);
    expect(violations).toEqual([]);
  });

  const latestDownload = async (): Promise<DownloadRecord | undefined> => {
    const records = (await (await fetch(`${site.address}/download-log`)).json()) as DownloadRecord[];
    return records.findLast((record) => record.file === "sample.bin");
  };

  test("a download that is stopped half-way: the connection closes, then the stop barrier opens", async () => {
    await visit.options({ "Tidy up, ms": "5000" });
    const letTheServerSay = await holdRequests(visit.page, "GET", /^\/download-log/);
    expect(await visit.startDownload("report", "500000")).toMatch(/^JOB_CREATED/);
    const report = visit.job("report");
    await report.status("running");
    await report.shows(/^[1-9]\d*\.\d MB of 24\.0 MB$/);
    await report.press("Stop");

    await report.status("stopping…");
    await report.barrier(/^barrier shut, /);
    await letTheServerSay();
    await report.barrier(/^barrier open after \d+\.\d s$/);
    await report.status("cancelled");
    await report.shows(/^Cancelled: AbortError/);
    await report.shows(/^connection closed early after \d+\.\d MB$/);
    await visit.logged("job_log", "the server says: connection closed early");
    await visit.logged("job_cancelled", "");
    await expect.poll(() => report.percent()).toBeLessThan(100);

    const record = await latestDownload();
    expect(record?.outcome).toBe("closed early");
    // What the page showed was rounded to a tenth of a megabyte.
    expect(record?.sentBytes).toBeGreaterThanOrEqual(950_000);
    expect(record?.sentBytes).toBeLessThan(FILE_BYTES);
  });

  test("a download that runs to its end: every byte arrives", async () => {
    await visit.startDownload("whole", "");
    const whole = visit.job("whole");
    await whole.status("completed");
    await whole.shows(/^Normal: 24\.0 MB, checksum [0-9a-f]{8} as the server says$/);
    await expect.poll(() => whole.percent()).toBe(100);
    expect(await latestDownload()).toMatchObject({ outcome: "finished", sentBytes: FILE_BYTES });
    await visit.stat("completed", 1);
  });

  test("the same key again is already running, and no second job appears", async () => {
    expect(await visit.startDownload("report", "2000000")).toMatch(/^JOB_CREATED \S+ has the key/);
    expect(await visit.start("report")).toMatch(/^JOB_ALREADY_RUNNING already running: \S+ has the key/);
    await expect.poll(() => visit.jobCount()).toBe(1);
    expect(await visit.start("another")).toMatch(/^JOB_CREATED/);
    await expect.poll(() => visit.jobCount()).toBe(2);
  });

  test("a taken key: reject throws, queue waits, replace stops the one that stands", async () => {
    await visit.startDownload("report", "500000");
    await visit.job("report").status("running");

    await visit.choose("If the key is taken", "reject");
    expect(await visit.start("report")).toMatch(/^Refused DuplicateJobError/);
    await expect.poll(() => visit.jobCount()).toBe(1);

    await visit.choose("If the key is taken", "queue");
    expect(await visit.start("report")).toMatch(/^JOB_CREATED/);
    await expect.poll(() => visit.jobCount()).toBe(2);
    await visit.stat("pending", 1);

    await visit.choose("If the key is taken", "replace");
    expect(await visit.start("report")).toMatch(/^JOB_CREATED/);
    await visit.stat("cancelled", 2); // the one that stood, and the one that waited behind it
    await visit.stat("running", 1);
    await expect.poll(() => visit.jobCount()).toBe(3);
    await visit.page
      .getByTestId("barrier")
      .getByText(/^barrier open after/)
      .first()
      .waitFor();
  });

  test("primes are counted right, paused and resumed by actions, and the page stays responsive", async () => {
    await visit.startPrimes("small", "10000000");
    await visit.job("small").shows("Normal: 664,579 primes up to 10,000,000");

    await visit.startEndlessPrimes("large");
    const large = visit.job("large");
    await large.status("running");
    const frames = visit.page.evaluate(
      () =>
        new Promise<number>((resolve) => {
          let seen = 0;
          const onFrame = () => {
            seen += 1;
            if (seen === 20) resolve(seen);
            else requestAnimationFrame(onFrame);
          };
          requestAnimationFrame(onFrame);
        }),
    );
    expect(await frames).toBe(20);
    await large.status("running"); // twenty frames were drawn while it counted
    await large.press("Pause");
    await large.status("running, paused");
    const atPause = await large.percent();
    await large.press("Resume");
    await large.status("running");
    await visit.page.waitForFunction(
      (percent) => (document.querySelector<HTMLProgressElement>("[data-testid=job] progress")?.value ?? 0) > percent,
      atPause,
    );
    await large.press("Stop");
    await large.status("cancelled");
  });

  test("a paused download stands still while another overtakes it, then goes on", async () => {
    await visit.startDownload("report", "500000");
    const report = visit.job("report");
    await expect.poll(() => report.percent()).toBeGreaterThan(0);
    await report.press("Pause");
    await report.status("running, paused");
    const atPause = await report.percent();
    await visit.startDownload("overtakes", "8000000");
    await visit.job("overtakes").status("completed");
    await report.status("running, paused");
    await expect.poll(async () => (await report.percent()) - atPause).toBeLessThan(2); // the chunk that was on its way
    await report.press("Resume");
    await report.status("running");
    await expect.poll(() => report.percent()).toBeGreaterThan(atPause + 2);
    await report.press("Stop");
    await report.status("cancelled");
  });

  test("a paused download that is tried again stands still until it is resumed", async () => {
    // The first attempt gets nowhere, the next could be done within its time.
    await visit.page.evaluate(() => {
      const { fetch } = window;
      window.fetch = (input, init) => {
        if (!String(input).startsWith("/files/")) return fetch(input, init);
        window.fetch = fetch;
        return fetch(String(input).replace(/rate=\d+/, "rate=64"), init);
      };
    });
    await visit.options({ Retries: "1", "Retry delay, ms": "0", "Tidy up, ms": "0", "Timeout, ms": "8000" });
    await visit.startDownload("report", "8000000");
    await visit.job("report").press("Pause");
    await visit.job("report").status("running, paused");
    await visit.job("report").status("failed");
    await visit.job("report").shows(/^Failed: TimeoutError/);
    await visit.logged("job_retrying", "");
  });

  test("what fails twice is retried and works on the third attempt", async () => {
    await visit.options({ "Retry delay, ms": "50" });
    await visit.startFlaky("prices");
    await visit.job("prices").shows("Normal: answered on attempt 3");
    await visit.job("prices").status("completed");
    await visit.logged("job_retrying", "the service answered 503");
    await expect.poll(() => visit.page.locator("[role=log] [data-type=job_retrying]").count()).toBe(2);
    await expect.poll(() => visit.page.locator("[role=log] [data-type=job_started]").count()).toBe(3);
  });

  test("without retries it fails, and a timeout fails with a TimeoutError", async () => {
    await visit.options({ Retries: "0", "Tidy up, ms": "0" });
    await visit.startFlaky("once");
    await visit.job("once").status("failed");
    await visit.job("once").shows("Failed: Error: the service answered 503");

    await holdRequests(visit.page, "GET", /^\/flaky/);
    await visit.options({ "Timeout, ms": "100" });
    await visit.startFlaky("hasty");
    await visit.job("hasty").status("failed");
    await visit.job("hasty").shows(/^Failed: TimeoutError/);
    await visit.logged("job_failed", "TimeoutError");
  });

  test("a number out of bounds is refused and starts nothing", async () => {
    await visit.options({ "Timeout, ms": "-1" });
    expect(await visit.startFlaky("report")).toMatch(/^Refused RangeError.*timeout/i);
    await expect.poll(() => visit.jobCount()).toBe(0);
  });

  test("what the form can't take is refused in words, also behind options that were closed", async () => {
    expect(await visit.startFlaky("")).toMatch(/^Refused .*key/i);
    await visit.options({ "Tidy up, ms": "-1" });
    expect(await visit.startFlaky("report")).toMatch(/^Refused .*tidy up/i);
    await visit.options({ "Tidy up, ms": "0", "Timeout, ms": "1e" });
    await visit.page.locator("details", { hasText: "More options" }).evaluate((more: HTMLDetailsElement) => {
      more.open = false;
    });
    await visit.button("Start").click();
    await visit.page
      .getByTestId("answer")
      .getByText(/^Refused RangeError.*timeout/i)
      .waitFor();
    await expect.poll(() => visit.jobCount()).toBe(0);
  });

  test("a card that is let go of leaves the focus that it held to the list", async () => {
    await visit.options({ Retries: "0", "Tidy up, ms": "0" });
    const end = async (key: string) => {
      await visit.startFlaky(key);
      await visit.job(key).status("failed");
    };
    for (let at = 1; at <= 8; at += 1) await end(`number-${at}`);
    await visit.page.getByRole("textbox", { name: "Key" }).fill("number-9");
    await visit.job("number-1").card.getByRole("button", { name: "Register a continuation" }).focus();
    await visit.button("Start").evaluate((button: HTMLButtonElement) => button.click());
    await visit.job("number-9").status("failed");
    await visit.job("number-1").card.waitFor({ state: "detached" });
    const focused = () => visit.page.evaluate(() => document.activeElement?.getAttribute("aria-label"));
    await expect.poll(focused).toBe("Jobs");
  });

  test("continuations: one registered before the end, one after it, both called", async () => {
    await visit.options({ "Tidy up, ms": "0" });
    await visit.startDownload("report", "500000");
    const report = visit.job("report");
    await report.press("Register a continuation");
    await report.shows("registered before the end, waits");
    await report.shows("connection open");
    await report.press("Stop");
    await report.shows(/^registered before the end, called with Cancelled after/);
    await report.press("Register a continuation");
    await report.shows(/^registered after the end, called with Cancelled after/);
  });

  test("the manager: concurrency, priority, pause, stop all", async () => {
    await visit.options({ "Tidy up, ms": "0" });
    await visit.choose("Running at once", "1");
    for (const key of ["first", "second", "third"]) await visit.startDownload(key, "500000");
    await visit.job("first").status("running");
    await visit.job("second").status("pending");

    await visit.job("third").press("Raise priority");
    await visit.job("third").shows("100");
    await visit.job("first").press("Stop");
    await visit.job("third").status("running");
    await visit.job("second").status("pending");

    await visit.button("Pause the manager").click();
    await visit.choose("Running at once", "2");
    await visit.stat("running", 1);
    await visit.job("second").status("pending");
    // Its job starts while the button has the focus.
    const raise = visit.job("second").card.getByRole("button", { name: /^Raise priority/ });
    await raise.focus();
    await visit.button("Resume the manager").evaluate((button: HTMLButtonElement) => button.click());
    await visit.job("second").status("running");
    expect(await raise.evaluate((button) => button === document.activeElement)).toBe(true);
    expect(await raise.getAttribute("aria-disabled")).toBe("true");

    // The server knows it: then it can say how it ended.
    await visit.job("second").shows("connection open");
    await visit.button("Stop all").click();
    await visit.stat("cancelled", 3);
    await visit.stat("running", 0);
    // Two in one turn: both are said.
    await announced(visit.page, /, second: cancelled$/);
    await announced(visit.page, /, third: cancelled$/);
    await visit.job("second").barrier(/^barrier open after/);
    await expect.poll(() => visit.button("Stop all").isDisabled()).toBe(true);
  });

  test("a pending job that is stopped ends at once, its body never starts", async () => {
    await visit.choose("Running at once", "1");
    await visit.startDownload("first", "500000");
    await visit.startDownload("second", "500000");
    await visit.job("second").press("Stop");
    await visit.job("second").status("cancelled");
    await visit.job("second").barrier(/^barrier open after/);
    await visit.job("second").shows("not started");
    await expect.poll(() => visit.page.locator("[role=log] [data-type=job_started]").count()).toBe(1);
  });

  test("the log is newest first, clears, and changes of status are announced", async () => {
    await visit.options({ "Retry delay, ms": "50" });
    await visit.startFlaky("prices");
    await visit.page.getByRole("status").getByText("prices: completed").waitFor({ state: "attached" });
    const types = await visit.page
      .locator("[role=log] [data-type]")
      .evaluateAll((lines) => lines.map((line) => line.getAttribute("data-type")));
    expect(types[0]).toBe("job_completed");
    expect(types.at(-1)).toBe("job_created");
    await visit.button("Clear").click();
    await visit.page.getByText("Nothing has happened yet.").waitFor();
  });

  test("subject and gate by hand", async () => {
    const { page } = visit;
    await visit.button("Next value").click();
    await visit.button("Add a listener").click();
    await visit.button("Add a listener").click();
    await page.getByTestId("listener-count").getByText("2").waitFor();
    await visit.button("Next value").click();
    const heard = page.getByTestId("subject-heard");
    await heard.getByText("listener 2 heard 2").waitFor();
    await expect.poll(() => heard.locator("p").allInnerTexts()).toEqual(["listener 1 heard 2", "listener 2 heard 2"]);
    await visit.button("Remove one").click();
    await visit.button("Next value").click();
    await heard.getByText("listener 1 heard 3").waitFor();
    await expect.poll(() => heard.getByText("listener 2 heard 3").count()).toBe(0);

    await visit.button("Listen to the gate").click();
    await visit.button("Open the gate").click();
    await page.getByText("listener 1 hears it open").waitFor();
    await page.getByTestId("gate-open").getByText("true").waitFor();
    await visit.button("Listen to the gate").click();
    await page.getByText("listener 2 came late and is called all the same").waitFor();
    await visit.button("A new gate").click();
    await page.getByTestId("gate-open").getByText("false").waitFor();
  });

  test("a factory that returns its own job is adopted: states, actions, already running, stop", async () => {
    const { page } = visit;
    const adopted = page.getByTestId("adopted");
    await page.evaluate(() => {
      const { fetch } = window;
      window.fetch = async () => {
        window.fetch = fetch;
        return new Response(null, { status: 503 });
      };
    });
    await visit.button("Ask for the answer").click();
    await adopted.getByText("Error: the server answered 503").waitFor();
    await page.locator(".by-hand .badge").getByText("failed").waitFor();
    await slowAnswers(page);
    await visit.button("Ask for the answer").click();
    await adopted.getByText("JOB_CREATED").waitFor();
    await adopted.getByText(/^A job a/).waitFor();
    await visit.button("Ask for the answer").click();
    await adopted.getByText("JOB_ALREADY_RUNNING").waitFor();
    await visit.button("In capitals").click();
    await adopted.getByText(/^A JOB A/).waitFor();
    await visit.button("Stop the answer").click();
    await page.locator(".by-hand .badge").getByText("cancelled").waitFor();
    const text = await adopted.textContent();
    expect(text).not.toContain("HOW IT ENDED"); // the last words: it was stopped before them
  });
});
