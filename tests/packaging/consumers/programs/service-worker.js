import { serveJobs } from "jobgate/service-worker";

/** What it does behind a page is asked of rest-worker.js. */
async function run() {
  const isThere = "ServiceWorkerGlobalScope" in globalThis;
  let answered;
  try {
    serveJobs({ name: "consumer", base: "/consumer" });
    answered = true;
  } catch (error) {
    if (isThere || !error.message.startsWith("serveJobs is for service workers")) throw error;
    answered = false;
  }
  return answered === isThere ? "serves where it can" : "serves elsewhere";
}

export const outcome = run();
