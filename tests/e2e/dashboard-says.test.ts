import { expect, test } from "vitest";
import { describeDashboard } from "./support/dashboards.ts";

describeDashboard("what the dashboard says", {}, (visit) => {
  test("what happens is announced, politely", async () => {
    const tab = await visit.open();
    await expect.poll(() => tab.page.getByTestId("connection").getAttribute("role")).toBe("status");
    await expect.poll(() => tab.page.locator(".site > [role=status]").getAttribute("aria-live")).toBe("polite");
    await tab.start("countdown", { seconds: "1" });
    await tab.announced("Job 1 is in the queue");
    await tab.announced("Job 1, countdown: completed");
    await tab.button("Pause").click();
    await tab.announced("Paused");
    await tab.button("More at once").click();
    await tab.announced("4 at once");
    await tab.startMany("echo", { message: "x", delay: "1" }, 3);
    await tab.announced("3 jobs are in the queue");
    await tab.row("2").click();
    await tab.press("Priority up");
    await tab.announced("Priority 10");
    await tab.button("Resume").click();
    await tab.announced("Resumed");
    await tab.announced("Jobs: 3 completed");
    await tab.press("Retry");
    await tab.announced("Again as job 5");
    await tab.fill({ delay: "99" });
    await tab.announced("delay: must be an integer from 1 to 30, got 99");
  });

  test("while one types, faults are not announced one by one", async () => {
    const tab = await visit.open();
    await tab.page.evaluate(() => {
      const said: string[] = [];
      Object.assign(window, { said });
      const region = document.querySelector(".site > [role=status]");
      if (!region) throw new Error("no region");
      new MutationObserver(() => said.push(region.textContent ?? "")).observe(region, { childList: true });
    });
    await tab.chooseType("countdown");
    // Seen as the browser sees fast typing: four faults, one after the other, within a moment.
    await tab.param("seconds").evaluate((element) => {
      const field = element as HTMLInputElement;
      for (const text of ["61", "610", "6100", "61000"]) {
        field.value = text;
        field.dispatchEvent(new InputEvent("input", { bubbles: true }));
      }
    });
    await tab.announced("seconds: must be an integer from 1 to 60, got 61000");
    expect(await tab.page.evaluate(() => (window as unknown as { said: string[] }).said)).toEqual([
      "seconds: must be an integer from 1 to 60, got 61000",
    ]);
  });

  test("a job named, failing and reporting in markup is text, everywhere", async () => {
    await visit.context.addInitScript(() => {
      const ports: MessagePort[] = [];
      const Channel = MessageChannel;
      Object.assign(window, {
        MessageChannel: class extends Channel {
          constructor() {
            super();
            ports.push(this.port1);
          }
        },
        // On the queue's port it makes a job; whatever else listens passes it over.
        send: (message: unknown) => {
          for (const port of ports) port.postMessage(message);
        },
      });
    });
    const tab = await visit.open();
    const markup = "<img src=x onerror=document.title='owned'>";
    const params = { service: markup, failures: 1, seconds: 0.5 };
    const message = { type: "create_job", job_type: "flaky", id: markup, params };
    await tab.page.evaluate((message) => (window as unknown as { send(data: unknown): void }).send(message), message);
    const row = tab.page.locator(".queue-row");
    await row.locator(".queue-id").getByText(markup, { exact: true }).waitFor();
    await row.click();
    await tab.details.getByRole("heading", { name: `Job ${markup}` }).waitFor();
    await tab.details.locator(".job-message").getByText(`${markup}: attempt 1`).waitFor();
    await tab.detailStatus("failed");
    await tab.page.getByTestId("error").getByText(`${markup} is not available`).waitFor();
    await tab.details.locator(".attempts").getByText(`failed: ${markup} is not available`).waitFor();
    await tab.announced(`Job ${markup}, flaky: failed`);
    await tab.page.getByText("The timeline as text").click();
    const link = tab.page.locator(".timeline-text a");
    await expect.poll(() => link.textContent()).toBe(markup);
    await tab.button("Fit").click();
    await tab.hoverBar();
    await tab.page.locator(".timeline-pointed").getByText(markup).waitFor();

    await tab.closeDetails();
    await link.click();
    await expect.poll(() => tab.selectedId()).toBe(markup);
    await tab.detailStatus("failed");
    await expect.poll(() => tab.page.locator("main img, [role=status] img").count()).toBe(0);
    await expect.poll(() => tab.page.title()).not.toContain("owned");
  });

  /** Another runner is made when the line is made anew after `otherRunner()`; none while `blocked`. */
  const withRunners = () =>
    visit.context.addInitScript(() => {
      const ports: MessagePort[] = [];
      const Channel = MessageChannel;
      const Shared = SharedWorker;
      const made: (string | undefined)[] = [];
      let suffix = "";
      Object.assign(window, {
        made,
        blocked: false,
        otherRunner: () => {
          suffix = " again";
        },
        cut: () => {
          for (const port of ports) port.postMessage = () => {};
        },
        MessageChannel: class extends Channel {
          constructor() {
            super();
            ports.push(this.port1);
          }
        },
        SharedWorker: class extends Shared {
          constructor(url: URL, options: WorkerOptions) {
            made.push(window.event?.type);
            if ((window as unknown as { blocked: boolean }).blocked) throw new Error("blocked");
            super(url, { ...options, name: `${options.name}${suffix}` });
          }
        },
      });
    });

  interface Runners {
    made: (string | undefined)[];
    blocked: boolean;
    otherRunner(): void;
    cut(): void;
  }

  test("“Try now” makes the line anew at once", async () => {
    await withRunners();
    const tab = await visit.open();
    await tab.page.evaluate(() => {
      const runners = window as unknown as Runners;
      runners.blocked = true;
      runners.cut();
    });
    await tab.phase("lost");
    await tab.page.getByTestId("connection").getByText("what you see is what was last heard").waitFor();
    // The page itself tries less and less often: after four tries, in eight seconds.
    await tab.page.waitForFunction(() => (window as unknown as Runners).made.length >= 5);
    await tab.page.evaluate(() => {
      (window as unknown as Runners).blocked = false;
    });
    await tab.button("Try now").click();
    await tab.phase("live");
    expect(await tab.page.evaluate(() => (window as unknown as Runners).made.at(-1))).toBe("click");
  });

  test("a runner that was started anew is said to be, and what the other one had is gone", async () => {
    await withRunners();
    const tab = await visit.open();
    const id = await tab.start("flaky", { failures: "1", seconds: "0.1" });
    await tab.detailStatus("completed");
    await tab.notePhases();
    await tab.page.evaluate(() => {
      const runners = window as unknown as Runners;
      runners.otherRunner();
      runners.cut();
    });
    await tab.wentThrough("lost");
    await tab.rowStatus(id, "completed");
    await tab.phase("live");
    await tab.page.getByTestId("connection").getByText("the runner was started anew").waitFor();
    await tab.page.getByTestId("unknown-job").getByText("the runner was started anew").waitFor();
    await tab.shows();
    await tab.closeDetails();
    expect(await tab.start("echo", { message: "anew", delay: "1" })).toBe("1");
    await tab.detailStatus("completed");
  });
});
