import { expect, onTestFinished, test } from "vitest";
import { processOf, stateOf } from "../shared/support/processes.mjs";
import { launch } from "../shared/support/tabs.ts";
import { countTransactions } from "../shared/support/transactions.ts";
import type { DashboardPage } from "./support/dashboard-page.ts";
import { describeDashboard } from "./support/dashboards.ts";

type Delivery = import("../../www/server/once.ts").Delivery;

const FILES = 10;
/** Of 128 KiB, for two million bytes. */
const PARTS = 16;

/** That many go out before a tab freezes: one upload's at least, and not all. */
const PARTS_BEFORE = 4 * PARTS;

/**
 * Presses the page's button, but holds the freeze until an upload has arrived and another runs in this very tab. Returns
 * how to wait until it stands still.
 */
async function freezeAmidUploads(tab: DashboardPage): Promise<() => Promise<unknown>> {
  const frozen = tab.page.waitForEvent("console", { predicate: (message) => message.text() === "stands still" });
  await tab.button("Freeze this tab for 25 seconds").evaluate((button: HTMLButtonElement, partsBefore) => {
    const { fetch, setTimeout: later } = window;
    let sent = 0;
    let letGo: () => void;
    const isFrozen = new Promise<void>((resolve) => {
      letGo = resolve;
    });
    window.fetch = async (input, init) => {
      if (init?.method === "PUT") sent += 1;
      if (sent > partsBefore) await isFrozen;
      return fetch(input, init);
    };
    let transactions = 0;
    const { transaction } = IDBDatabase.prototype;
    IDBDatabase.prototype.transaction = function (...parts) {
      transactions += 1;
      return transaction.apply(this, parts);
    };
    const frame = () => new Promise((resolve) => requestAnimationFrame(resolve));
    const isAmid = () =>
      document.querySelector("[data-testid=stat-completed]")?.textContent !== "0" &&
      [...document.querySelectorAll(".queue-row .runs-in")].some(({ textContent }) =>
        textContent?.endsWith("this tab"),
      );
    const freeze = async (call: () => void) => {
      await new Promise<void>(betweenTransactions);
      const before = transactions;
      // Until what was stored is drawn.
      for (let at = 0; at < 3; at += 1) await frame();
      if (transactions !== before || !isAmid()) return later(freeze, 5, call);
      console.log("stands still");
      letGo();
      call();
    };
    // The page announces it, too, a moment later.
    const isFreeze = (ms?: number) => ms === 1000;
    window.setTimeout = ((call: () => void, ms?: number) =>
      isFreeze(ms) ? later(freeze, 0, call) : later(call, ms)) as typeof setTimeout;
    button.click();
    window.setTimeout = later;
  }, PARTS_BEFORE);
  return () => frozen;
}

describeDashboard("jobs of the dashboard that outlive their tab", { start: launch }, (visit) => {
  const deliveries = async (): Promise<Delivery[]> => (await fetch(`${visit.address}/api/deliveries`)).json();

  /** Starts ten uploads and waits until some have arrived, and some are on their way. Returns how to see what is new. */
  async function begin(tab: DashboardPage) {
    const before = (await deliveries()).length;
    const arrived = async () => (await deliveries()).slice(before);
    await tab.button("Start ten uploads").click();
    await tab.stat("completed", /^[1-9]$/);
    return arrived;
  }

  /** All have arrived, each once, and hardly a part was sent in vain. */
  async function allArrived(tab: DashboardPage, arrived: () => Promise<Delivery[]>, interruptions: number) {
    await tab.page.locator(`[data-testid=server-log][data-files="${FILES}"]`).waitFor();
    await tab.page.getByText(`${FILES} of your files, each once`).waitFor();
    await tab.stat("completed", FILES);
    const log = await arrived();
    expect(new Set(log.map(({ name }) => name)).size).toBe(FILES);
    expect(log).toHaveLength(FILES);
    for (const { bytes, requests } of log) {
      expect(bytes).toBe(2_000_000);
      expect(requests).toBeLessThanOrEqual(PARTS + interruptions);
    }
  }

  /** The timeline says of some job that the one tab ran it, and then this one. */
  async function tellsTakeOver(tab: DashboardPage, from: string) {
    await tab.page.getByText("The timeline as text").click();
    const ran = () => tab.page.locator(".timeline-text tbody td:nth-child(5)").allTextContents();
    await expect.poll(ran).toContainEqual(expect.stringMatching(new RegExp(`in ${from}, then .* in this tab`)));
  }

  test("ten uploads, the tab closed in the middle, another opened: once each on the server's log", async () => {
    const first = await visit.open();
    const arrived = await begin(first);
    const name = await first.name();
    await first.page.close();
    expect((await arrived()).length).toBeLessThan(FILES);
    const second = await visit.open();
    await allArrived(second, arrived, 1);
    await tellsTakeOver(second, name);
  });

  test("the same with a reload", async () => {
    const tab = await visit.open();
    const arrived = await begin(tab);
    const name = await tab.name();
    await tab.page.reload();
    expect((await arrived()).length).toBeLessThan(FILES);
    await tab.storage("disk");
    await allArrived(tab, arrived, 1);
    await tellsTakeOver(tab, name);
  });

  test("the same with a crash, beside another tab", async () => {
    const [first, second] = [await visit.open(), await visit.open()];
    await second.button("Pause this tab").click();
    await second.button("Resume this tab").waitFor();
    const pid = await processOf(first.page);
    const arrived = await begin(first);
    const name = await first.name();
    process.kill(pid, "SIGKILL");
    // Gone; or a zombie, until the browser looks.
    await expect.poll(() => [undefined, "Z"].includes(stateOf(pid))).toBe(true);
    expect((await arrived()).length).toBeLessThan(FILES);
    await second.button("Resume this tab").click();
    await allArrived(second, arrived, 1);
    await tellsTakeOver(second, name);
  });

  test("the same with the network off for a while: what needs it waits, and says so", async () => {
    const tab = await visit.open();
    const arrived = await begin(tab);
    await visit.context.setOffline(true);
    await tab.page.getByTestId("storage").getByText("offline", { exact: true }).waitFor();
    await tab.stat("running", 0);
    await tab.page.locator(".queue-row .badge", { hasText: "offline" }).first().waitFor();
    await tab.page.locator(".queue-row", { hasText: "offline" }).first().click();
    await tab.details.getByText("Waits for a connection").waitFor();
    expect((await arrived()).length).toBeLessThan(FILES);
    await visit.context.setOffline(false);
    await allArrived(tab, arrived, 2);
    // What browsers say of requests that were cut off.
    const others = tab.complaints.filter((text) => !/ERR_INTERNET_DISCONNECTED|NetworkError/.test(text));
    tab.complaints.splice(0, Infinity, ...others);
  });

  test("a frozen tab is taken over, and what it still says when it wakes counts no more", async () => {
    await visit.context.addInitScript(countTransactions);
    const [first, second] = [await visit.open(), await visit.open()];
    await second.button("Pause this tab").click();
    await second.button("Resume this tab").waitFor();
    const name = await first.name();
    const before = (await deliveries()).length;
    const arrived = async () => (await deliveries()).slice(before);
    const pid = await processOf(first.page);
    const frozen = await freezeAmidUploads(first);
    await first.button("Start ten uploads").evaluate((button: HTMLButtonElement) => button.click());
    await frozen();
    // Its loop would take a core; and one that takes over may itself be put aside for longer than that lasts.
    process.kill(pid, "SIGSTOP");
    onTestFinished(() => {
      try {
        process.kill(pid, "SIGCONT");
      } catch {
        // It has ended with its tab.
      }
    });
    expect((await arrived()).length).toBeLessThan(FILES);
    await second.button("Resume this tab").click();
    await allArrived(second, arrived, 2);
    await tellsTakeOver(second, name);
    // It wakes, and shows what the other one did.
    process.kill(pid, "SIGCONT");
    await first.stat("completed", FILES);
    expect(await arrived()).toHaveLength(FILES);
  });

  test("every tab shows which of them runs what; one that pauses hands over, and goes on watching", async () => {
    const first = await visit.open();
    const id = await first.start("countdown", { seconds: "60" });
    await first.row(id).getByText("page, this tab").waitFor();
    const second = await visit.open(`#/jobs/${id}`);
    const [one, other] = [await first.name(), await second.name()];
    expect(one).not.toBe(other);
    await second.row(id).getByText(`page, ${one}`).waitFor();
    await first.button("Pause this tab").click();
    await second.row(id).getByText("page, this tab").waitFor();
    await second.details.locator(".attempts").getByText("handed over by its tab").waitFor();
    await first.row(id).getByText(`page, ${other}`).waitFor();
    await first.row(id).click();
    await first.press("Cancel");
    await second.detailStatus("cancelled");
  });
});
