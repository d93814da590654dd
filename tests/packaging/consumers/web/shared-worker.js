import { outcomes } from "./anywhere.js";

self.addEventListener("connect", async ({ ports: [port] }) => port.postMessage(await outcomes));
