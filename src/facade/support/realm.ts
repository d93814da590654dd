/** Whether this code runs in a service worker. */
export function isServiceWorker(): boolean {
  return "ServiceWorkerGlobalScope" in globalThis;
}
