import { type ReactNode, StrictMode } from "react";
import { createRoot } from "react-dom/client";
import { onTestFinished } from "vitest";

/** Drawn as in development, with StrictMode around it. */
export function draw(what: ReactNode): HTMLElement {
  const element = document.createElement("div");
  document.body.append(element);
  const root = createRoot(element);
  root.render(<StrictMode>{what}</StrictMode>);
  onTestFinished(() => {
    root.unmount();
    element.remove();
  });
  return element;
}
