import { expect, test } from "vitest";
import { oneBrowser } from "./support/browser.ts";
import { describeDashboard } from "./support/dashboards.ts";

describeDashboard("the dashboard's controls", { browsers: oneBrowser }, (visit) => {
  /** Eight jobs: 1 failed, 2 completed, 3 cancelled, 4 to 6 run and get nowhere, 7 and 8 wait. */
  const withEight = async () => {
    const tab = await visit.open();
    const urls = `${visit.address}/files/sample.bin?id=controls-${visit.name}&rate=64`;
    await tab.option("Retries", "0");
    await tab.start("flaky", { failures: "9", seconds: "0.1" });
    await tab.detailStatus("failed");
    await tab.start("echo", { message: "two", delay: "1" });
    await tab.detailStatus("completed");
    await tab.start("url_fetch", { urls });
    await tab.press("Cancel");
    await tab.detailStatus("cancelled");
    for (let more = 4; more <= 8; more += 1) await tab.start("url_fetch", { urls });
    await tab.stat("running", 3);
    await tab.stat("pending", 2);
    return tab;
  };

  test("every column sorts both ways, and then not at all", async () => {
    const tab = await withEight();
    const own = ["4", "5", "6", "7", "8", "3", "2", "1"];
    await tab.shows(...own);
    const sorted = {
      id: [
        ["1", "2", "3", "4", "5", "6", "7", "8"],
        ["8", "7", "6", "5", "4", "3", "2", "1"],
      ],
      type: [
        ["2", "1", "4", "5", "6", "7", "8", "3"],
        ["4", "5", "6", "7", "8", "3", "1", "2"],
      ],
      status: [
        ["4", "5", "6", "7", "8", "2", "1", "3"],
        ["3", "1", "2", "7", "8", "4", "5", "6"],
      ],
      progress: [
        ["4", "5", "6", "7", "8", "3", "1", "2"],
        ["2", "1", "4", "5", "6", "7", "8", "3"],
      ],
      age: [
        ["8", "7", "6", "5", "4", "3", "2", "1"],
        ["1", "2", "3", "4", "5", "6", "7", "8"],
      ],
    };
    for (const [column, [upwards = [], downwards = []]] of Object.entries(sorted)) {
      const head = tab.grid.getByRole("columnheader", { name: column });
      await tab.sortBy(column);
      await tab.shows(...upwards);
      await expect.poll(() => head.getAttribute("aria-sort")).toBe("ascending");
      await tab.sortBy(column);
      await tab.shows(...downwards);
      await expect.poll(() => head.getAttribute("aria-sort")).toBe("descending");
      await tab.sortBy(column);
      await tab.shows(...own);
      await expect.poll(() => head.getAttribute("aria-sort")).toBe("none");
    }
  });

  test("every filter shows the jobs of its status, and says how many", async () => {
    const tab = await withEight();
    const filtered = {
      running: ["4", "5", "6"],
      pending: ["7", "8"],
      completed: ["2"],
      failed: ["1"],
      cancelled: ["3"],
      all: ["4", "5", "6", "7", "8", "3", "2", "1"],
    };
    for (const [filter, ids] of Object.entries(filtered)) {
      await tab.filter(filter);
      await tab.shows(...ids);
      const label = tab.page.locator(".filters label", { has: tab.page.locator(`[value=${filter}]`) });
      await expect.poll(async () => (await label.textContent())?.trim()).toBe(`${filter} ${ids.length}`);
    }
    await tab.button("Clear completed").click();
    await tab.shows("4", "5", "6", "7", "8");
    await tab.filter("failed");
    await tab.grid.getByText("No job is failed.").waitFor();
  });

  test("clicks in quick succession all count", async () => {
    const tab = await visit.open();
    const click = (label: string, times: number) =>
      tab.button(label).evaluate((button, times) => {
        for (let at = 0; at < times; at += 1) (button as HTMLButtonElement).click();
      }, times);
    await tab.startMany("countdown", { seconds: "60" }, 4);
    await tab.row("4").click();
    await tab.detailStatus("pending");
    await click("Priority up", 4);
    await tab.page.getByTestId("priority").getByText("40", { exact: true }).waitFor();
    await click("Priority down", 5);
    await tab.page.getByTestId("priority").getByText("-10", { exact: true }).waitFor();
  });

  test("a long result is shown in part, and all of it when asked", async () => {
    const tab = await visit.open();
    await tab.start("prime", { limit: "1000" });
    await tab.detailStatus("completed");
    const result = tab.page.getByTestId("result");
    const list = result.locator(".inline-list").first();
    await expect.poll(async () => (await list.textContent())?.split(", ")).toHaveLength(50);
    await result.getByRole("button", { name: "Show all 168" }).click();
    await result.getByRole("button", { name: "Show all 168" }).waitFor({ state: "detached" });
    const primes = (await list.textContent())?.split(", ");
    expect([primes?.length, primes?.at(-1)]).toEqual([168, "997"]);
  });

  test("the theme is chosen with a button, for the picture too, and stays", async () => {
    const tab = await visit.open();
    const background = () => tab.page.evaluate(() => getComputedStyle(document.documentElement).backgroundColor);
    await tab.start("echo", { message: "x", delay: "1" });
    await tab.detailStatus("completed");
    const [light, lightPicture] = [await background(), await tab.picture()];
    await tab.button("Dark theme").click();
    await tab.button("Light theme").waitFor();
    const dark = await background();
    expect(dark).not.toBe(light);
    await expect.poll(() => tab.picture()).not.toBe(lightPicture);
    await tab.page.reload();
    await tab.button("Light theme").click();
    await tab.button("Dark theme").waitFor();
    expect(await background()).toBe(light);
  });

  test("the details are closed with their button, and the options of a new job stay from type to type", async () => {
    const tab = await visit.open();
    await tab.option("Retries", "7");
    await tab.option("Timeout, ms", "90000");
    await tab.page.getByLabel("Priority", { exact: true }).first().selectOption("background");
    await tab.start("countdown", { seconds: "60" });
    await expect.poll(() => tab.page.getByTestId("priority").textContent()).toBe("-100");
    await tab.closeDetails();
    await tab.chooseType("echo");
    await expect.poll(() => tab.page.getByLabel("Retries", { exact: true }).inputValue()).toBe("7");
    await expect.poll(() => tab.page.getByLabel("Timeout, ms", { exact: true }).inputValue()).toBe("90000");
  });

  test("a number that an option can't have is refused where it stands, with its bounds", async () => {
    const tab = await visit.open();
    await tab.chooseType("echo");
    await tab.fill({ message: "x", delay: "1" });
    const copies = "Copies must be a whole number from 1 to 1,000";
    for (const [label, typed, refusal] of [
      ["Copies", "2.5", copies],
      ["Copies", "10000000000", copies],
      ["Timeout, ms", "1e", "Timeout, ms must be a number, 0 or more"],
    ] as const) {
      await tab.option(label, typed);
      await tab.page.locator(".form-panel details").evaluate((more: HTMLDetailsElement) => (more.open = false));
      await tab.page.locator(".form-panel button[type=submit]").click();
      await tab.page.getByTestId("refusal").getByText(refusal, { exact: true }).waitFor();
      await tab.announced(refusal);
      const field = tab.page.getByLabel(label, { exact: true });
      expect(await field.evaluate((input) => input === document.activeElement)).toBe(true);
      // What is no number has no value that could be read: it is invalid as long as it stands there.
      expect(await field.evaluate((input: HTMLInputElement) => input.validity.valid)).toBe(false);
      await tab.option(label, "");
    }
    await tab.button("Start job").click();
    await tab.detailStatus("completed");
    expect(await tab.ids()).toHaveLength(1);
  });

  test("a text that is no number goes with the field that it stood in", async () => {
    const tab = await visit.open();
    await tab.fill({ seconds: "-" });
    for (const label of ["Copies", "Retries"]) await tab.option(label, "-");
    await tab.chooseType("echo");
    await tab.fill({ message: "x", delay: "1" });
    await tab.button("Start job").click();
    await tab.detailStatus("completed");
    await tab.chooseType("countdown");
    await expect.poll(() => tab.param("seconds").inputValue()).toBe("10");
    await tab.button("Start job").click();
    await tab.detailStatus("running");
  });

  test("what is asked while the tab pauses is done once it has", async () => {
    const tab = await visit.open();
    await tab.startMany("countdown", { seconds: "60" }, 4);
    await tab.row("4").click();
    await tab.detailStatus("pending");
    await tab.page.evaluate(async () => {
      const press = (name: string) =>
        [...document.querySelectorAll("button")].find(({ textContent }) => textContent === name)!.click();
      press("Pause this tab");
      await new Promise((resolve) => setTimeout(resolve));
      press("Cancel");
      press("Start job");
    });
    await tab.button("Resume this tab").waitFor();
    await tab.rowStatus("4", "cancelled");
    await tab.rowStatus("5", "pending");
  });
});
