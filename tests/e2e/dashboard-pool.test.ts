import { expect, test } from "vitest";
import { oneBrowser } from "./support/browser.ts";
import { describeDashboard } from "./support/dashboards.ts";

describeDashboard("the dashboard's jobs that run in workers", { browsers: oneBrowser }, (visit) => {
  test("a job that ignores its signal is killed; the page goes on meanwhile, and so does the pool", async () => {
    const tab = await visit.open();
    const markOf = (type: string) => tab.page.locator(".type", { hasText: type }).locator(".runs-in");
    await expect.poll(() => markOf("stubborn").textContent()).toBe("runs in: pool worker");
    await expect.poll(() => markOf("countdown").textContent()).toBe("runs in: page");

    // Longer than anything here waits: what ends it sooner has killed it.
    const id = await tab.start("stubborn", { seconds: "60" });
    await tab.rowStatus(id, "running");
    await tab.details.getByText("seconds to go, whoever asks").waitFor();
    await tab.details.locator(".job-log").getByText("It does not listen from here on").waitFor();
    await expect.poll(() => tab.row(id).locator(".runs-in").textContent()).toBe("runs in: pool worker, this tab");
    await expect.poll(() => tab.details.locator(".runs-in").textContent()).toBe("runs in: pool worker, this tab");

    const meanwhile = await tab.start("echo", { message: "the page is not held", delay: "1" });
    await tab.detailStatus("completed");
    await expect.poll(() => tab.row(meanwhile).locator(".runs-in").textContent()).toBe("runs in: page");
    await tab.rowStatus(id, "running");

    await tab.row(id).click();
    await tab.press("Cancel");
    await tab.detailStatus("cancelled");
    await tab.stat("killed", 1);

    await tab.start("sieve", { limit: "1000000" });
    await tab.detailStatus("completed");
    const result = tab.page.getByTestId("result");
    await result.getByText("78498", { exact: true }).waitFor();
    await result.getByText("999983", { exact: true }).waitFor();
    await tab.stat("killed", 1);
  });

  test("one that listens is stopped, and the pool goes on", async () => {
    const tab = await visit.open();
    await tab.start("sieve", { limit: "1000000000" });
    await tab.details.getByText("primes up to").waitFor();
    await tab.press("Cancel");
    await tab.detailStatus("cancelled");
    await tab.start("sieve", { limit: "100" });
    await tab.detailStatus("completed");
    await tab.page.getByTestId("result").getByText("25", { exact: true }).waitFor();
  });

  test("a tab that is closed takes its workers along: their jobs go on in another's", async () => {
    const first = await visit.open();
    const id = await first.start("stubborn", { seconds: "60" });
    await first.details.getByText("seconds to go").waitFor();
    const second = await visit.open(`#/jobs/${id}`);
    await second.detailStatus("running");
    const mark = second.details.locator(".runs-in");
    await expect.poll(() => mark.textContent()).toBe(`runs in: pool worker, ${await first.name()}`);
    await first.page.close();
    const attempts = second.details.locator(".attempts li");
    await attempts.nth(1).getByText("running").waitFor();
    await expect.poll(() => attempts.first().textContent()).toContain("its tab went away: taken over");
    await expect.poll(() => mark.textContent()).toBe("runs in: pool worker, this tab");
    await second.details.getByText("seconds to go").waitFor();
    await second.press("Cancel");
    await second.detailStatus("cancelled");
  });
});
