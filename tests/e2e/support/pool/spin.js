// Takes a processor for a second, without the package.
const end = performance.now() + 1000;
while (performance.now() < end);
postMessage("done");
