import { afterAll, beforeAll } from "vitest";
import type { Said } from "./talk.js";

export interface ControlledPage {
  readonly window: Window & typeof globalThis;
  fetch(path: string, init?: RequestInit): Promise<Response>;
  eventSource(path: string): EventSource;
  tell(said: Said): void;
}

async function activated(registration: ServiceWorkerRegistration): Promise<void> {
  const worker = registration.installing ?? registration.waiting ?? registration.active;
  if (worker === null) throw new Error("there is no service worker");
  while (worker.state !== "activated") {
    if (worker.state === "redundant") throw new Error("the service worker could not be installed");
    await new Promise((resolve) => worker.addEventListener("statechange", resolve, { once: true }));
  }
}

/** A page that a service worker controls, for a whole test file; paths are those of its site. */
export function useControlledPage(site = "/http-site", script = "/service-worker.js"): ControlledPage {
  let registration: ServiceWorkerRegistration;
  let frame: HTMLIFrameElement;
  beforeAll(async () => {
    registration = await navigator.serviceWorker.register(`${site}${script}`, { scope: `${site}/` });
    await activated(registration);
    frame = document.createElement("iframe");
    const loaded = new Promise((resolve) => frame.addEventListener("load", resolve, { once: true }));
    frame.src = `${site}/`;
    document.body.append(frame);
    await loaded;
  });
  afterAll(async () => {
    frame.remove();
    await registration.unregister();
  });
  const page = () => frame.contentWindow as Window & typeof globalThis;
  return {
    get window() {
      return page();
    },
    fetch: (path, init) => page().fetch(`${site}${path}`, init),
    eventSource: (path) => new (page().EventSource)(`${site}${path}`),
    // Straight to the worker: a broadcast could pass by a job that has only just begun to listen.
    tell: (said) => registration.active?.postMessage(said),
  };
}
