// WebKitGTK under Xvfb, by plain WebDriver: what Playwright drives of WebKit is a build of its own.
import { spawn } from "node:child_process";
import { setTimeout } from "node:timers/promises";
import { webkitDriverPath, webkitEnvironment } from "./browsers.mjs";
import { freePort } from "./free-port.mjs";

// A process group of its own, since xvfb-run passes no signal on. It ends with the driver, and with whoever started
// it: then nobody holds the pipe any more. -a: a display that is free.
const shell = '{ xvfb-run -a "$0" "$@"; kill -s TERM 0; } & cat >/dev/null; kill -s TERM 0';

/** Starts the driver; `session()` opens a browser of its own, `close()` ends all of it. */
export async function webkit() {
  const port = await freePort();
  const driver = spawn("sh", ["-c", shell, webkitDriverPath, `--port=${port}`], {
    stdio: ["pipe", "ignore", "ignore"],
    detached: true,
    env: { ...process.env, ...webkitEnvironment },
  });
  let ended;
  driver.once("error", (error) => {
    ended = error;
  });
  const gone = new Promise((resolve) => driver.once("exit", resolve));
  gone.then(() => {
    ended = new Error("WebKit's driver ended (is it installed, and xvfb-run?)");
  });

  async function call(method, path, body, patience = 60_000) {
    const init = body && { body: JSON.stringify(body), headers: { "content-type": "application/json" } };
    const signal = AbortSignal.timeout(patience);
    const response = await fetch(`http://127.0.0.1:${port}${path}`, { method, signal, ...init }).catch((error) => {
      throw ended ?? new Error(`WebKit's driver did not answer ${method} ${path}: ${error.message}`);
    });
    const { value } = await response.json();
    if (value?.error) throw new Error(`${path}: ${value.error}: ${value.message}`);
    return value;
  }

  async function ready() {
    const until = performance.now() + 60_000;
    while (performance.now() < until) {
      if (ended) throw ended;
      if (await call("GET", "/status", undefined, 5_000).catch(() => false)) return;
      await setTimeout(50);
    }
    throw new Error("WebKit's driver did not answer within a minute");
  }

  await ready();
  return {
    async session() {
      const { sessionId, capabilities } = await call("POST", "/session", {
        capabilities: { alwaysMatch: { "webkitgtk:browserOptions": { args: ["--automation"] } } },
      });
      const at = `/session/${sessionId}`;
      await call("POST", `${at}/timeouts`, { script: 290_000, pageLoad: 60_000, implicit: 50_000 });
      /** Of the first element that an XPath finds, once there is one. */
      const element = async (xpath) => {
        const found = await call("POST", `${at}/element`, { using: "xpath", value: xpath }).catch((error) => {
          throw new Error(`${xpath}: ${error.message}`);
        });
        return `${at}/element/${Object.values(found)[0]}`;
      };
      return {
        version: capabilities.browserVersion,
        open: (url) => call("POST", `${at}/url`, { url }),
        /** Runs a script's text; its last argument is called with what it gives. */
        run: (script, ...args) => call("POST", `${at}/execute/async`, { script, args }, 300_000),
        text: async (xpath) => call("GET", `${await element(xpath)}/text`),
        attribute: async (xpath, name) => call("GET", `${await element(xpath)}/attribute/${name}`),
        click: async (xpath) => call("POST", `${await element(xpath)}/click`, {}),
        async fill(xpath, text) {
          const field = await element(xpath);
          await call("POST", `${field}/clear`, {});
          await call("POST", `${field}/value`, { text });
        },
        /** Opens a tab beside, and returns its handle; the session stays with the one it is at. */
        newTab: async () => (await call("POST", `${at}/window/new`, { type: "tab" })).handle,
        tab: () => call("GET", `${at}/window`),
        switchTo: (handle) => call("POST", `${at}/window`, { handle }),
        closeTab: () => call("DELETE", `${at}/window`),
        close: () => call("DELETE", at),
      };
    },
    /** Ends the driver and what it has opened, a page that computes for ever too. */
    async close() {
      if (!ended) process.kill(-driver.pid, "SIGTERM");
      await gone;
    },
  };
}
