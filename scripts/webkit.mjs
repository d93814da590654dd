// WebKitGTK under Xvfb, by plain WebDriver: what Playwright drives of WebKit is a build of its own.
import { spawn } from "node:child_process";
import { createServer } from "node:net";
import { tmpdir } from "node:os";
import { setTimeout } from "node:timers/promises";

export const webkitDriverPath = process.env.SAFARIDRIVER || "/usr/bin/WebKitWebDriver";

/** WebKit's own processes may not make sandboxes in a container, and nothing is drawn by a graphics card. */
const environment = {
  WEBKIT_DISABLE_SANDBOX_THIS_IS_DANGEROUS: "1",
  WEBKIT_DISABLE_COMPOSITING_MODE: "1",
  WEBKIT_DISABLE_DMABUF_RENDERER: "1",
  GDK_BACKEND: "x11",
  XDG_RUNTIME_DIR: tmpdir(),
};

function freePort() {
  return new Promise((resolve, reject) => {
    const server = createServer().once("error", reject);
    server.listen(0, "127.0.0.1", () => {
      const { port } = server.address();
      server.close(() => resolve(port));
    });
  });
}

/** Starts the driver; `session()` opens a browser of its own, `close()` ends all of it. */
export async function webkit() {
  const port = await freePort();
  // -a: a display that is free. Its own process group, since xvfb-run passes no signal on.
  const driver = spawn("xvfb-run", ["-a", webkitDriverPath, `--port=${port}`], {
    stdio: "ignore",
    detached: true,
    env: { ...process.env, ...environment },
  });
  let ended;
  driver.once("error", (error) => {
    ended = error;
  });
  driver.once("exit", (code) => {
    ended = new Error(`WebKit's driver ended with code ${code}`);
  });

  async function call(method, path, body) {
    const init = body && { body: JSON.stringify(body), headers: { "content-type": "application/json" } };
    const response = await fetch(`http://127.0.0.1:${port}${path}`, { method, ...init });
    const { value } = await response.json();
    if (value?.error) throw new Error(`${path}: ${value.error}: ${value.message}`);
    return value;
  }

  async function ready() {
    const until = performance.now() + 60_000;
    for (;;) {
      if (ended) throw ended;
      if (
        await call("GET", "/status").then(
          () => true,
          () => false,
        )
      )
        return;
      if (performance.now() > until) throw new Error("WebKit's driver did not answer within a minute");
      await setTimeout(50);
    }
  }

  await ready();
  const sessions = new Set();
  return {
    async session() {
      const { sessionId, capabilities } = await call("POST", "/session", {
        capabilities: { alwaysMatch: { "webkitgtk:browserOptions": { args: ["--automation"] } } },
      });
      const at = `/session/${sessionId}`;
      sessions.add(at);
      await call("POST", `${at}/timeouts`, { script: 290_000, pageLoad: 60_000 });
      return {
        version: capabilities.browserVersion,
        open: (url) => call("POST", `${at}/url`, { url }),
        run: (script, ...args) => call("POST", `${at}/execute/async`, { script, args }),
        async close() {
          sessions.delete(at);
          await call("DELETE", at);
        },
      };
    },
    async close() {
      await Promise.allSettled([...sessions].map((at) => call("DELETE", at)));
      if (ended) return;
      const gone = new Promise((resolve) => driver.once("exit", resolve));
      process.kill(-driver.pid, "SIGTERM");
      await gone;
    },
  };
}
