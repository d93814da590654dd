// One runner for all tabs. A tab that connects hands over two ports; see `Host.connect`.

import { Host } from "./host.ts";

const host = new Host();

addEventListener("connect", (event) => {
  const [port] = (event as MessageEvent).ports;
  port?.addEventListener("message", ({ ports: [queue, controls] }) => {
    if (queue && controls) host.connect(queue, controls);
  });
  port?.start();
});
