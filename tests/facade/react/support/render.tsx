import { act, type ReactNode } from "react";
import { flushSync } from "react-dom";
import { createRoot, type Root } from "react-dom/client";
import { onTestFinished, vi } from "vitest";

/** React warns of updates outside `act` only where it is told that tests do this. */
export function actEnvironment(on: boolean): void {
  (globalThis as { IS_REACT_ACT_ENVIRONMENT?: boolean }).IS_REACT_ACT_ENVIRONMENT = on;
}

/** An element of the page that goes when the test is over. */
export function newContainer(): HTMLElement {
  const container = document.createElement("div");
  document.body.append(container);
  onTestFinished(() => container.remove());
  return container;
}

export interface Mounted {
  readonly container: HTMLElement;
  readonly text: string;
  draw(node: ReactNode): Promise<void>;
  unmount(): Promise<void>;
}

/** Draws into the page and waits until React has done all that follows from it. */
export async function mount(node: ReactNode): Promise<Mounted> {
  actEnvironment(true);
  const container = newContainer();
  const root: Root = createRoot(container);
  onTestFinished(() => act(async () => root.unmount()));
  const mounted: Mounted = {
    container,
    get text() {
      return container.textContent ?? "";
    },
    draw: (node) => act(async () => root.render(node)),
    unmount: () => act(async () => root.unmount()),
  };
  await mounted.draw(node);
  return mounted;
}

/** Does it, and lets React draw what has come of it. */
export function does(work: () => unknown): Promise<void> {
  return act(async () => {
    await work();
  });
}

/** Draws into the page as an app does: what follows is drawn when React comes to it, so tests poll. */
export function drawn(node: ReactNode) {
  actEnvironment(false);
  const container = newContainer();
  const complaints = vi.spyOn(console, "error");
  onTestFinished(() => complaints.mockRestore());
  const root = createRoot(container);
  onTestFinished(() => flushSync(() => root.unmount()));
  const shown = {
    container,
    get text() {
      return container.textContent ?? "";
    },
    draw: (next: ReactNode) => flushSync(() => root.render(next)),
    unmount: () => flushSync(() => root.unmount()),
    complaints: () => complaints.mock.calls,
  };
  shown.draw(node);
  return shown;
}
