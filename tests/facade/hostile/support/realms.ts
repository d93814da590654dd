import { onTestFinished } from "vitest";

/** Evaluates in another realm, whose Error, Promise, AbortSignal and the like are others than ours. */
export type Realm = (code: string) => unknown;

export const inPage = typeof document !== "undefined";

/** An iframe of the page's own origin; in Node, a context of `node:vm`. */
export async function otherRealm(): Promise<Realm> {
  if (inPage) {
    const { contentWindow } = addFrame(() => {});
    return (contentWindow as unknown as { readonly eval: Realm }).eval;
  }
  // Named by a variable, so that bundlers of pages leave it alone.
  const name = "node:vm";
  const vm: typeof import("node:vm") = await import(/* @vite-ignore */ name);
  const given = { AbortController, DOMException, EventTarget, Event, setTimeout, queueMicrotask };
  const context = vm.createContext(given);
  return (code) => vm.runInContext(code, context);
}

/** The window of another origin: reading almost anything of it throws a SecurityError. Pages only. */
export function crossOriginWindow(): Window {
  return addFrame((frame) => frame.setAttribute("sandbox", "allow-scripts")).contentWindow!;
}

function addFrame(prepare: (frame: HTMLIFrameElement) => void): HTMLIFrameElement {
  const frame = document.createElement("iframe");
  prepare(frame);
  document.body.append(frame);
  onTestFinished(() => frame.remove());
  return frame;
}
