import { report } from "./report.js";

async function ask() {
  const controlled = new Promise((resolve) =>
    navigator.serviceWorker.addEventListener("controllerchange", resolve, { once: true }),
  );
  await navigator.serviceWorker.register("/service-worker-bundle.js");
  await controlled;
  return (await fetch("/outcome")).json();
}

report(ask());
