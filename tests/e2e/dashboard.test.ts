import { expect, test } from "vitest";
import { describeDashboard } from "./support/dashboards.ts";

type DownloadRecord = import("../../www/server/downloads.ts").DownloadRecord;

describeDashboard("the dashboard", {}, (visit) => {
  test("submit a countdown, watch its progress, see it complete", async () => {
    const tab = await visit.open();
    const long = await tab.start("countdown", { seconds: "60" });
    await tab.rowStatus(long, "running");
    const message = tab.details.locator(".job-message", { hasText: "seconds remaining…" });
    const before = (await message.textContent()) ?? "";
    await message.filter({ hasNotText: before }).waitFor();
    await tab.press("Cancel");
    await tab.detailStatus("cancelled");

    const id = await tab.start("countdown", { seconds: "1" });
    await tab.detailStatus("completed");
    await tab.rowStatus(id, "completed");
    await tab.stat("completed", 1);
    await expect.poll(() => tab.row(id).textContent()).toContain("100 %");
  });

  test("a result is shown as a table or a tree, and copied whole", async () => {
    if (visit.name === "chromium") await visit.context.grantPermissions(["clipboard-read", "clipboard-write"]);
    const tab = await visit.open();
    await tab.start("report", { pages: "12", title: "Figures" });
    await tab.detailStatus("completed");
    const result = tab.page.getByTestId("result");
    await expect.poll(() => result.locator("th").allTextContents()).toEqual(["chapter", "pages", "words"]);
    await expect.poll(() => result.locator("tbody tr").count()).toBe(2);
    await result.getByText("title").waitFor();
    await tab.details.locator(".job-log").getByText("Chapter 2: 2 pages, 320 words").waitFor();

    await tab.press("Copy the result");
    await tab.details.getByText("Copied", { exact: true }).waitFor();
    await tab.chooseType("url_fetch");
    await tab.param("urls").press("ControlOrMeta+v");
    expect(JSON.parse(await tab.param("urls").inputValue())).toMatchObject({ title: "Figures", appendix: false });
  });

  test("a job that fails is retried: every attempt is told, and Retry makes it anew", async () => {
    const tab = await visit.open();
    // A wait before a retry is any part of its longest: here nearly all of it. What is drawn meanwhile waits for no screen.
    await tab.page.evaluate(() => {
      Math.random = () => 0.99;
      window.requestAnimationFrame = (call) => window.setTimeout(() => call(performance.now()), 16);
    });
    const shown = await tab.watchStatuses();
    await tab.start("flaky", { failures: "2", seconds: "0.2" });
    await tab.detailStatus("completed");
    expect(await shown()).toContain("will retry");
    const attempts = tab.details.locator(".attempts li");
    await expect.poll(() => attempts.count()).toBe(3);
    await expect.poll(() => attempts.first().textContent()).toContain("The service is not available (attempt 1");
    await expect.poll(() => attempts.last().textContent()).toContain("completed");

    await tab.option("Retries", "0");
    const failing = await tab.start("flaky", { failures: "1", seconds: "0.1" });
    await tab.detailStatus("failed");
    await tab.page.getByTestId("error").getByText("The service is not available").waitFor();
    await tab.press("Retry");
    await tab.nextSelected(failing);
    await tab.details.locator(".job-type", { hasText: "flaky" }).waitFor();
    await tab.stat("failed", 2);
  });

  test("submit multiple jobs: as many run as may, the rest wait; a tab that pauses runs none", async () => {
    const tab = await visit.open();
    await tab.startMany("countdown", { seconds: "60" }, 6);
    await tab.stat("running", 3);
    await tab.stat("pending", 3);
    await expect.poll(() => tab.page.getByTestId("concurrency").textContent()).toBe("3");

    await tab.button("Pause this tab").click();
    await tab.button("Resume this tab").waitFor();
    await tab.stat("running", 0);
    await tab.row("1").click();
    await tab.press("Cancel");
    await tab.stat("cancelled", 1);
    await tab.stat("pending", 5); // nobody moved up
    await tab.button("Resume this tab").click();
    await tab.stat("running", 3);
    await tab.stat("pending", 2);
  });

  test("cancel a running job, it stops; cancel a pending job, it is removed from the queue", async () => {
    const tab = await visit.open();
    await tab.startMany("countdown", { seconds: "60" }, 4);
    await tab.row("4").click();
    await tab.detailStatus("pending");
    await tab.press("Cancel");
    await tab.detailStatus("cancelled");
    await tab.page.getByTestId("fact-started").getByText("–").waitFor();
    await tab.row("1").click();
    await tab.detailStatus("running");
    await tab.press("Cancel");
    await tab.detailStatus("cancelled");
    await tab.stat("running", 2);
    await tab.stat("pending", 0);
    await expect.poll(() => tab.button("Cancel").getAttribute("aria-disabled")).toBe("true");
  });

  test("faults are told beside the field as one types, in the runner's words; nothing is queued, nothing typed is lost", async () => {
    const tab = await visit.open();
    await tab.chooseType("countdown");
    await tab.fill({ seconds: "61" });
    await tab.fault("seconds", "must be an integer from 1 to 60, got 61");
    await expect.poll(() => tab.param("seconds").getAttribute("aria-invalid")).toBe("true");
    await tab.fill({ seconds: "6.5" });
    await tab.fault("seconds", "got 6.5");
    await tab.fill({ seconds: "5" });
    await tab.fault("seconds", /^$/);

    await tab.chooseType("echo");
    await tab.fill({ delay: "99" });
    await tab.param("delay").press("Enter");
    await tab.fault("message", /^is required/);
    await tab.fault("delay", "must be an integer from 1 to 30, got 99");
    await expect.poll(() => tab.page.evaluate(() => document.activeElement?.getAttribute("name"))).toBe("message");
    await expect.poll(() => tab.param("delay").inputValue()).toBe("99");
    await tab.stat("pending", 0);
    await expect.poll(() => tab.ids()).toEqual([]);

    await tab.chooseType("countdown");
    await expect.poll(() => tab.param("seconds").inputValue()).toBe("5");
    await tab.chooseType("echo");
    await expect.poll(() => tab.param("delay").inputValue()).toBe("99");
    await tab.fill({ delay: "1" });
    await tab.param("message").pressSequentially("hello");
    await tab.param("message").press("Enter");
    await tab.detailStatus("completed");

    await tab.chooseType("url_fetch");
    await tab.param("urls").fill("http://127.0.0.1/\nno address");
    await tab.fault("urls", "urls[1] must be an http or https URL");
    await tab.chooseType("echo");
    await tab.option("Retries", "-1");
    await tab.button("Start job").click();
    await tab.page.getByTestId("refusal").getByText("Retries must be a whole number, 0 or more").waitFor();
    await expect.poll(() => tab.ids()).toHaveLength(1);
  });

  test("every param gets the right control, with its bounds and its default", async () => {
    const tab = await visit.open();
    await tab.chooseType("report");
    const control = (param: string) =>
      tab.param(param).evaluate((element) => {
        const { min, max, value } = element as HTMLInputElement;
        return [element.localName, (element as HTMLInputElement).type, min, max, value];
      });
    await expect.poll(() => control("title")).toEqual(["input", "text", "", "", "Quarterly figures"]);
    await expect.poll(() => control("pages")).toEqual(["input", "number", "1", "500", "40"]);
    await expect.poll(async () => (await control("style")).slice(0, 1)).toEqual(["select"]);
    await expect.poll(async () => (await control("appendix"))[1]).toBe("checkbox");
    await tab.page.locator("[data-param=pages]").getByText("1 to 500, default 40").waitFor();
    await tab.param("appendix").check();
    await tab.param("style").selectOption("full");
    await tab.start("report", { pages: "3" });
    await tab.detailStatus("completed");
    const params = await tab.page.getByTestId("params").textContent();
    expect(params?.replaceAll(/\s/g, "")).toContain("pages3stylefullappendixtrue");
  });

  test("ten URLs are really fetched, all at the same time", async () => {
    const tab = await visit.open();
    const urls = Array.from({ length: 10 }, (_, at) => `${visit.address}/files/answer.txt?id=dash-${visit.name}-${at}`);
    // None goes out before all have been asked for.
    await tab.page.evaluate((many) => {
      const { fetch } = window;
      let asked = 0;
      let letGo: () => void;
      const allAsked = new Promise<void>((resolve) => {
        letGo = resolve;
      });
      window.fetch = async (...request) => {
        if (!String(request[0]).includes("/files/")) return fetch(...request);
        asked += 1;
        if (asked === many) letGo();
        await allAsked;
        return fetch(...request);
      };
    }, urls.length);
    await tab.chooseType("url_fetch");
    await tab.param("urls").fill(urls.join("\n"));
    await tab.button("Start job").click();
    await tab.detailStatus("completed");
    await expect.poll(() => tab.page.getByTestId("result").locator("tbody tr").count()).toBe(10);
    const log = (await (await fetch(`${visit.address}/download-log`)).json()) as DownloadRecord[];
    const ours = log.filter(({ id }) => id.startsWith(`dash-${visit.name}-`));
    expect(ours.map(({ outcome }) => outcome)).toEqual(urls.map(() => "finished"));
  });

  test("the queue: running, pending in the order they will start, finished; the last are cleared", async () => {
    const tab = await visit.open();
    await tab.start("echo", { message: "first", delay: "1" });
    await tab.detailStatus("completed");
    await tab.startMany("countdown", { seconds: "60" }, 5);
    await tab.stat("pending", 2);
    await expect.poll(() => tab.ids()).toEqual(["2", "3", "4", "5", "6", "1"]);

    await tab.filter("pending");
    await tab.shows("5", "6");
    await tab.row("6").click();
    await tab.press("Priority up");
    await tab.page.getByTestId("priority").getByText("10", { exact: true }).waitFor();
    await tab.shows("6", "5");
    await tab.press("Priority down");
    await tab.page.getByTestId("priority").getByText("0", { exact: true }).waitFor();

    await tab.filter("all");
    await tab.button("Clear completed").click();
    await tab.row("1").waitFor({ state: "detached" });
    await expect.poll(() => tab.button("Clear completed").getAttribute("aria-disabled")).toBe("true");
    await expect.poll(() => tab.ids()).toHaveLength(5);
  });

  test("open multiple tabs, verify sync: jobs, attempts, logs; a job linked by its address", async () => {
    const first = await visit.open();
    const id = await first.start("flaky", { failures: "2", seconds: "0.1" });
    await first.detailStatus("completed");
    await first.details.locator(".job-log").getByText("Attempt 3 begins").waitFor();
    const second = await visit.open(`#/jobs/${id}`);
    await second.detailStatus("completed");
    await expect.poll(() => second.details.locator(".attempts li").count()).toBe(3);
    // A queue keeps no logs: a tab has heard what was said since it is there.
    await second.details.locator(".job-log").getByText("It has logged nothing since this tab is open.").waitFor();

    const report = await second.start("report", { pages: "200" });
    await first.row(report).click();
    await first.details.locator(".job-log").getByText("Chapter 1: 10 pages, 1600 words").waitFor();
    await second.press("Cancel");
    await first.detailStatus("cancelled");
    await expect.poll(() => first.ids()).toEqual(await second.ids());
    await second.page.close();
    await first.start("echo", { message: "still here", delay: "1" });
    await first.detailStatus("completed");
  });

  test("an address of a job that is not there says so, and leads back", async () => {
    const tab = await visit.open("#/jobs/no%2Fsuch%20job");
    await tab.page.getByTestId("unknown-job").getByText("There is no job “no/such job”").waitFor();
    const focused = () => tab.page.evaluate(() => document.activeElement?.getAttribute("role"));
    await tab.page.getByRole("link", { name: "Back to the queue" }).press("Enter");
    await tab.details.getByText("Choose a job in the queue").waitFor();
    await expect.poll(focused).toBe("grid");
    const id = await tab.start("echo", { message: "x", delay: "1" });
    await tab.page.goBack();
    await tab.details.getByText("Choose a job in the queue").waitFor();
    await tab.page.goForward();
    await tab.detailStatus("completed");
    await tab.closeDetails();
    await tab.details.getByText("Choose a job in the queue").waitFor();
    await expect.poll(() => tab.selectedId()).not.toBe(id);
    await expect.poll(focused).toBe("grid");
  });

  test("whatever a job is given or says is text", async () => {
    const tab = await visit.open();
    const markup = "<img src=x onerror=document.title='owned'>";
    await tab.start("echo", { message: markup, delay: "1" });
    await tab.detailStatus("completed");
    await tab.page.getByTestId("result").getByText(markup).waitFor();
    await tab.page.getByTestId("params").getByText(markup).waitFor();
    await tab.start("report", { title: markup, pages: "1" });
    await tab.details.locator(".job-log").getByText(markup).waitFor();
    await tab.page.evaluate(
      (hash) => {
        location.hash = hash;
      },
      `#/jobs/${encodeURIComponent(markup)}`,
    );
    await tab.page.getByTestId("unknown-job").getByText(markup).waitFor();
    await expect.poll(() => tab.page.locator("main img").count()).toBe(0);
    await expect.poll(() => tab.page.title()).not.toContain("owned");
  });
});
