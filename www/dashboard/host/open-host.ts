export type HostKind = "shared worker" | "page";

/** How a page reaches the host. `onDeath` is called when the browser says that the worker did not load. */
export interface HostDoor {
  readonly kind: HostKind;
  connect(queue: MessagePort, controls: MessagePort): void;
}

/** One runner for all tabs where the browser has SharedWorker, else one of the page's own. */
export async function openHost(onDeath: (why: string) => void): Promise<HostDoor> {
  if (typeof SharedWorker === "undefined") {
    const { ownHost } = await import("./own-host.ts");
    return { kind: "page", connect: (queue, controls) => ownHost.connect(queue, controls) };
  }
  const worker = new SharedWorker(new URL("./shared-worker.ts", import.meta.url), {
    type: "module",
    name: "jobgate dashboard",
  });
  worker.addEventListener("error", () => onDeath("The shared worker did not load"));
  return {
    kind: "shared worker",
    connect: (queue, controls) => worker.port.postMessage({ type: "connect" }, [queue, controls]),
  };
}
