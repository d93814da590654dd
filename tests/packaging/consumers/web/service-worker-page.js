const controlled = new Promise((resolve) =>
  navigator.serviceWorker.addEventListener("controllerchange", resolve, { once: true }),
);
await navigator.serviceWorker.register("/service-worker-bundle.js");
await controlled;
document.body.dataset.outcome = await (await fetch("/outcome")).text();
