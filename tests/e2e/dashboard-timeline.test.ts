import { expect, test } from "vitest";
import { oneBrowser } from "./support/browser.ts";
import { describeDashboard } from "./support/dashboards.ts";

/** Less than the 30 seconds that are shown at first; how much less, the machine has a say in. */
const FITTED = /^[12]?\d\.\d s shown$/;

/** Of two colours, as WCAG has it. */
function contrast(one: readonly number[], other: readonly number[]): number {
  const [dark = 0, light = 0] = [one, other].map(luminance).sort((a, b) => a - b);
  return (light + 0.05) / (dark + 0.05);
}

function luminance(colour: readonly number[]): number {
  const [red = 0, green = 0, blue = 0] = colour.map((part) => {
    const share = part / 255;
    return share <= 0.04045 ? share / 12.92 : ((share + 0.055) / 1.055) ** 2.4;
  });
  return 0.2126 * red + 0.7152 * green + 0.0722 * blue;
}

describeDashboard(
  "the dashboard's timeline",
  { browsers: oneBrowser, viewport: { width: 1440, height: 900 } },
  (visit) => {
    test("a bar tells what it is, and leads to its job; a press that moves it does not", async () => {
      const tab = await visit.open();
      const id = await tab.start("echo", { message: "x", delay: "1" });
      await tab.detailStatus("completed");
      await tab.button("Fit").click();
      // From the job's making to a little after its end.
      await tab.page.getByTestId("span").getByText(FITTED).waitFor();
      await tab.closeDetails();

      /** What is painted, as red, green and blue, by name. */
      const colours = () =>
        tab.page.locator(".legend [data-colour]").evaluateAll((all) =>
          Object.fromEntries(
            all.map((element) => {
              const { colour = "" } = (element as HTMLElement).dataset;
              return [colour, getComputedStyle(element).color.match(/\d+/g)!.map(Number)] as const;
            }),
          ),
        );
      for (const colorScheme of ["light", "dark"] as const) {
        await tab.page.emulateMedia({ colorScheme });
        const { surface = [], waiting = [], ...others } = await colours();
        expect(contrast(waiting, surface), `waiting, ${colorScheme}`).toBeGreaterThanOrEqual(3);
        for (const name of ["running", "completed", "failed", "tried", "left", "cancelled"]) {
          expect(contrast(others[name] ?? [], surface), `${name}, ${colorScheme}`).toBeGreaterThanOrEqual(4.5);
        }
      }
      // A contrast theme takes backgrounds away: what is chosen has an outline, and bars have colours of the system.
      const style = (selector: string, property: string) =>
        tab.page
          .locator(selector)
          .first()
          .evaluate((element, property) => getComputedStyle(element).getPropertyValue(property), property);
      await tab.page.emulateMedia({ forcedColors: "active" });
      for (const chosen of [".type:has(:checked)", ".filters label:has(:checked)", ".site-nav [aria-current]"]) {
        expect(await style(chosen, "outline-style"), chosen).toBe("solid");
      }
      expect(await style(".progress", "border-top-style")).toBe("solid");
      const { surface, running, completed, failed } = await colours();
      expect(new Set([surface, running, completed, failed].map(String)).size).toBe(4);
      await tab.page.emulateMedia({ forcedColors: "none", colorScheme: "light" });

      const at = await tab.hoverBar();
      await tab.page.locator(".timeline-pointed").getByText(`${id} echo ran`).waitFor();
      const { mouse } = tab.page;
      await mouse.down();
      await mouse.move(at.x + 200, at.y, { steps: 4 });
      await mouse.up();
      await expect.poll(() => tab.button("Now").getAttribute("aria-disabled")).toBe(null);
      await expect.poll(() => tab.selectedId()).toBe("");
      const dragged = await tab.picture();
      await mouse.move(at.x, at.y, { steps: 4 });
      expect(await tab.picture(), "nothing is pressed: nothing moves").toBe(dragged);

      await tab.button("Now").click();
      await expect.poll(() => tab.button("Now").getAttribute("aria-disabled")).toBe("true");
      const again = await tab.hoverBar(); // the page may have scrolled to the button
      await tab.page.mouse.click(again.x, again.y);
      await expect.poll(() => tab.selectedId()).toBe(id);
      await tab.detailStatus("completed");
    });

    test("only the main button moves it", async () => {
      const tab = await visit.open();
      await tab.start("echo", { message: "x", delay: "1" });
      await tab.detailStatus("completed");
      await tab.button("Fit").click();
      const at = await tab.hoverBar();
      const { mouse } = tab.page;
      // As when a menu opens and swallows the button's release.
      await mouse.down({ button: "right" });
      await mouse.move(at.x + 150, at.y, { steps: 3 });
      await expect.poll(() => tab.button("Now").getAttribute("aria-disabled")).toBe("true");
      await mouse.up({ button: "right" });
      // A press whose pointer is taken away ends with it.
      const canvas = tab.page.locator(".timeline canvas");
      await mouse.move(at.x, at.y);
      await mouse.down();
      await canvas.evaluate((element) => {
        element.dispatchEvent(new PointerEvent("lostpointercapture", { bubbles: true }));
      });
      await mouse.move(at.x + 150, at.y, { steps: 3 });
      await expect.poll(() => tab.button("Now").getAttribute("aria-disabled")).toBe("true");
      await mouse.up();
    });

    test("Fit, Now, Home and End go where they say", async () => {
      const tab = await visit.open();
      const span = tab.page.getByTestId("span");
      const timeline = tab.page.getByLabel("Timeline of the last jobs");
      await expect.poll(() => tab.button("Fit").getAttribute("aria-disabled")).toBe("true");
      await tab.start("echo", { message: "x", delay: "1" });
      await tab.detailStatus("completed");
      await span.getByText("30.0 s shown").waitFor();
      await tab.button("Fit").click();
      await span.getByText(FITTED).waitFor();
      const shown = (await span.textContent()) ?? "";
      const fitted = await tab.picture();
      await timeline.press("ArrowLeft");
      await expect.poll(() => tab.picture()).not.toBe(fitted);
      await tab.button("Now").click();
      await expect.poll(() => tab.picture()).toBe(fitted);
      await tab.button("Zoom out").click();
      await span.getByText(shown).waitFor({ state: "detached" });
      await timeline.press("Home");
      await span.getByText(shown).waitFor();
      await expect.poll(() => tab.picture()).toBe(fitted);
      await timeline.press("ArrowLeft");
      await timeline.press("End");
      await expect.poll(() => tab.picture()).toBe(fitted);
    });

    test("360 pixels wide, what is pointed at is told within the picture", async () => {
      const tab = await visit.open();
      await tab.page.setViewportSize({ width: 360, height: 740 });
      await tab.start("countdown", { seconds: "60" });
      await tab.details.getByText("remaining").waitFor();
      await tab.page.locator(".timeline").scrollIntoViewIfNeeded();
      await tab.hoverBar();
      const label = tab.page.locator(".timeline-pointed");
      await label.getByText("1 countdown ran").waitFor();
      const { left, right, frame, scrolls } = await label.evaluate((element) => {
        const { left, right } = element.getBoundingClientRect();
        const frame = element.parentElement?.getBoundingClientRect();
        return {
          left,
          right,
          frame: { left: frame?.left, right: frame?.right },
          scrolls: document.documentElement.scrollWidth,
        };
      });
      expect(left).toBeGreaterThanOrEqual(frame.left ?? Number.NaN);
      expect(right).toBeLessThanOrEqual((frame.right ?? Number.NaN) + 0.5);
      expect(scrolls).toBeLessThanOrEqual(360);
    });
  },
);
