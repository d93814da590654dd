// What a page says to assistive technology, line by line: a line that the next one has replaced was said all the same.
import type { Page } from "playwright";

declare global {
  interface Window {
    announcements: string[];
  }
}

/** Before the page is loaded. */
export const hearAnnouncements = (page: Page) =>
  page.addInitScript(() => {
    window.announcements = [];
    new MutationObserver((records) => {
      for (const { target, addedNodes } of records) {
        if (!(target as Element).matches?.(".site > [role=status][aria-live=polite]")) continue;
        for (const { textContent } of addedNodes) if (textContent) window.announcements.push(textContent);
      }
    }).observe(document, { childList: true, subtree: true });
  });

/** All since the page was loaded, but for those that were waited for. */
export const announcements = (page: Page): Promise<string[]> => page.evaluate(() => window.announcements);

/** Waits for it, or finds that it has been said, and takes it away: what is waited for next is another one. */
export async function announced(page: Page, text: string | RegExp): Promise<void> {
  await page.waitForFunction((text) => {
    const at = window.announcements.findIndex((line) => (typeof text === "string" ? line === text : text.test(line)));
    return at >= 0 && window.announcements.splice(at, 1);
  }, text);
}
