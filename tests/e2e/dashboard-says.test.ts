import { expect, test } from "vitest";
import { announcements } from "./support/announcements.ts";
import { oneBrowser } from "./support/browser.ts";
import { describeDashboard } from "./support/dashboards.ts";
import { holdTimers } from "./support/timers.ts";

/** As long as the page gathers ends, for one sentence. */
const GATHER_MS = 1500;

describeDashboard("what the dashboard says", { browsers: oneBrowser }, (visit) => {
  test("what happens is announced, politely", async () => {
    const tab = await visit.open();
    await expect.poll(() => tab.page.getByTestId("storage").getAttribute("role")).toBe("status");
    await expect.poll(() => tab.page.locator(".site > [role=status]").getAttribute("aria-live")).toBe("polite");
    await tab.start("countdown", { seconds: "3" });
    await tab.announced("Job 1 is in the queue");
    await tab.announced("Job 1, countdown: completed");
    await tab.button("Pause this tab").click();
    await tab.announced("This tab only watches");
    await tab.startMany("echo", { message: "x", delay: "1" }, 3);
    await tab.announced("3 jobs are in the queue");
    await tab.row("2").click();
    await tab.press("Priority up");
    await tab.announced("Priority 10");
    const gathering = await holdTimers(tab.page, { from: GATHER_MS, to: GATHER_MS });
    await tab.button("Resume this tab").click();
    await tab.announced("This tab runs jobs");
    await tab.stat("completed", 4);
    await tab.frames(); // what is drawn is gathered a frame later
    await gathering.release();
    await tab.announced("Jobs: 3 completed");
    await tab.press("Retry");
    await tab.announced(/^Again as job /);
    const focused = () => tab.page.evaluate(() => document.activeElement?.textContent);
    await expect.poll(async () => (await focused()) === `Job ${await tab.selectedId()}`).toBe(true);
    await tab.fill({ delay: "99" });
    await tab.announced("delay: must be an integer from 1 to 30, got 99");
  });

  test("while one types, faults are not announced one by one", async () => {
    const tab = await visit.open();
    await tab.chooseType("countdown");
    // Seen as the browser sees fast typing: four faults, one after the other, within a moment.
    await tab.param("seconds").evaluate((element) => {
      const field = element as HTMLInputElement;
      for (const text of ["61", "610", "6100", "61000"]) {
        field.value = text;
        field.dispatchEvent(new InputEvent("input", { bubbles: true }));
      }
    });
    const faults = async () => (await announcements(tab.page)).filter((line) => line.startsWith("seconds: "));
    await expect.poll(faults).toEqual(["seconds: must be an integer from 1 to 60, got 61000"]);
  });

  test("a job that says and fails in markup is text, everywhere", async () => {
    const tab = await visit.open();
    const markup = "<img src=x onerror=document.title='owned'>";
    await tab.option("Retries", "0");
    const id = await tab.start("flaky", { service: markup, failures: "1", seconds: "3" });
    await tab.details.locator(".job-message").getByText(`${markup}: attempt 1`).waitFor();
    await tab.detailStatus("failed");
    await tab.page.getByTestId("error").getByText(`${markup} is not available`).waitFor();
    await tab.details.locator(".attempts").getByText(`failed: ${markup} is not available`).waitFor();
    await tab.announced(`Job ${id}, flaky: failed`);
    await tab.page.getByText("The timeline as text").click();
    await tab.closeDetails();
    await tab.page.locator(".timeline-text a").click();
    await expect.poll(() => tab.selectedId()).toBe(id);
    await tab.detailStatus("failed");
    await expect.poll(() => tab.page.locator("main img, [role=status] img").count()).toBe(0);
    await expect.poll(() => tab.page.title()).not.toContain("owned");
  });

  test("where the browser keeps nothing, jobs run all the same, and the page says that they end with it", async () => {
    await visit.context.addInitScript(() => Object.defineProperty(window, "indexedDB", { value: undefined }));
    const tab = await visit.open("", "memory");
    await tab.page.getByText("the browser keeps nothing here").waitFor();
    expect(await tab.button("Pause this tab").count(), "there is no other tab to hand over to").toBe(0);
    const id = await tab.start("prime", { limit: "1000" });
    await tab.detailStatus("completed");
    await tab.page.reload();
    await tab.storage("memory");
    await tab.page.getByTestId("unknown-job").getByText(`There is no job “${id}”`).waitFor();
  });

  test("a full disk is told in plain words, and what was typed stays", async () => {
    const tab = await visit.open();
    await tab.page.evaluate(() => {
      IDBObjectStore.prototype.put = () => {
        throw new DOMException("full", "QuotaExceededError");
      };
    });
    await tab.chooseType("echo");
    await tab.fill({ message: "hello", delay: "1" });
    await tab.button("Start job").click();
    await tab.page.getByTestId("refusal").getByText("The browser has no more room for this site").waitFor();
    await expect.poll(() => tab.param("message").inputValue()).toBe("hello");
    await expect.poll(() => tab.ids()).toEqual([]);
  });

  test("a newer version in another tab, and a storage that was taken away, are told with what to do", async () => {
    const [old, other] = [await visit.open(), await visit.open()];
    const id = await old.start("countdown", { seconds: "60" });
    await old.detailStatus("running");
    // What newer code does when it opens the store.
    await other.page.goto(`${visit.address}/`);
    await other.page.evaluate(
      () =>
        new Promise((resolve, reject) => {
          const opening = indexedDB.open("jobgate:dashboard", 1000);
          opening.onsuccess = () => resolve(opening.result.close());
          opening.onerror = () => reject(opening.error);
        }),
    );
    await old.storage("outdated");
    await old.page.getByText("another tab has a newer version of this page").waitFor();
    await old.row(id).waitFor();
    await expect.poll(() => old.button("Start job").getAttribute("aria-disabled")).toBe("true");
    const submits = await old.button("Start job").evaluate((button: HTMLButtonElement) => {
      let submits = false;
      document.addEventListener("submit", () => (submits = true), { once: true });
      button.click();
      return submits;
    });
    expect(submits).toBe(false);
    await old.detailStatus("handed over"); // to newer code
    await old.press("Cancel");
    await old.detailStatus("cancelled");
    await other.page.evaluate(
      () =>
        new Promise<void>((resolve, reject) => {
          const deleting = indexedDB.deleteDatabase("jobgate:dashboard");
          deleting.onsuccess = () => resolve();
          deleting.onerror = () => reject(deleting.error);
        }),
    );
    await old.storage("lost");
    await old.page.getByText("the browser took the storage away").waitFor();
    await old.row(id).waitFor(); // what was last heard stays
    await old.page.reload();
    await old.storage("disk");
    await old.page.getByTestId("unknown-job").waitFor();
  });
});
