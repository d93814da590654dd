import { outcome } from "./job.js";

self.addEventListener("fetch", (event) => {
  if (event.request.url.endsWith("/outcome")) event.respondWith(outcome.then((text) => new Response(text)));
});
self.addEventListener("activate", (event) => event.waitUntil(self.clients.claim()));
