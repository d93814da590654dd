// A service worker that has nothing but the shared queue's routes; its name is in the script's address.
import { serveJobs } from "jobgate/service-worker";

const scope = self as unknown as {
  readonly location: Location;
  readonly clients: { claim(): Promise<void> };
};
serveJobs({
  name: new URL(scope.location.href).searchParams.get("name") ?? "jobgate",
  base: "/shared-site/api",
  keepAlive: 200,
});
addEventListener("activate", (event) => {
  (event as unknown as { waitUntil(promise: Promise<void>): void }).waitUntil(scope.clients.claim());
});
