import { createHash } from "node:crypto";
import { existsSync, readFileSync } from "node:fs";
import { join } from "node:path";
import type { Connect, Plugin } from "vite";
import { modelSources } from "../chat/model/reachable.ts";

/** What the built pages may do: their own files, their own server, and compiling WebAssembly. Nothing inline. */
const strict = {
  "default-src": "'none'",
  "script-src": "'self' 'wasm-unsafe-eval'",
  "style-src": "'self'",
  "connect-src": "'self'",
  "img-src": "'self' data:",
  // `blob:` is the worker that keeps the time while a page is hidden.
  "worker-src": "'self' blob:",
  "base-uri": "'none'",
  "form-action": "'none'",
};

/** The dev server injects style elements, an inline module preamble and a WebSocket for hot updates. */
const development = {
  ...strict,
  "script-src": "'self' 'wasm-unsafe-eval' 'unsafe-inline'",
  "style-src": "'self' 'unsafe-inline'",
  "connect-src": "'self' ws:",
};

/** TypeDoc's pages have one inline script, for the theme; their own script fills a style element. */
function documentation(policy: Record<string, string>): Record<string, string> {
  const page = join(import.meta.dirname, "../public/docs/index.html");
  const html = existsSync(page) ? readFileSync(page, "utf8") : "";
  const hashes = [...html.matchAll(/<script>([^<]*)<\/script>/g)].map(
    ([, code = ""]) => `'sha256-${createHash("sha256").update(code).digest("base64")}'`,
  );
  return { ...policy, "script-src": ["'self'", ...hashes].join(" "), "style-src": "'self' 'unsafe-inline'" };
}

const written = (policy: Record<string, string>) =>
  Object.entries(policy)
    .map(([directive, sources]) => `${directive} ${sources}`)
    .join("; ");

/** `frame-ancestors` has a meaning in the header only; a meta element that names it is a console warning. */
const headers = (policy: Record<string, string>) => ({
  "Content-Security-Policy": written({ ...policy, "frame-ancestors": "'none'" }),
  "X-Content-Type-Options": "nosniff",
  "Referrer-Policy": "no-referrer",
});

/** Where a visitor's own addresses are fetched. The server answers for a page without its ending, too. */
const asksOthers = /^\/(chat|dashboard)(?:\.html)?$/;
/** The dashboard's jobs may run on a server of the visitor's own machine; elsewhere it serves the dashboard itself. */
const jobServers: Record<string, readonly string[]> = {
  dashboard: ["ws://localhost:*", "ws://127.0.0.1:*"],
};

/**
 * The chat asks the server that its visitor names, and so does a `url_fetch` of the dashboard: no page can know those
 * addresses beforehand. Nothing else is eased: no foreign script runs, and no foreign image is asked for, so that an
 * answer has no way out to a server of its own choice.
 */
function policyOf(path: string, policy: Record<string, string>): Record<string, string> {
  const [, page] = asksOthers.exec(path) ?? [];
  if (page === undefined) return policy;
  return { ...policy, "connect-src": [policy["connect-src"], ...modelSources, ...(jobServers[page] ?? [])].join(" ") };
}

function sendHeaders(policy: Record<string, string>): Connect.NextHandleFunction {
  const ofDocumentation = documentation(policy);
  return ({ url = "/" }, response, next) => {
    const { pathname } = new URL(url, "http://localhost");
    const own = pathname.startsWith("/docs/") ? ofDocumentation : policyOf(pathname, policy);
    for (const [name, value] of Object.entries(headers(own))) response.setHeader(name, value);
    next();
  };
}

/** Puts the policy into every page as a meta element and into every answer of the dev and preview servers. */
export function contentSecurityPolicy(): Plugin {
  let policy = strict;
  return {
    name: "content-security-policy",
    configureServer: ({ middlewares }) => void middlewares.use(sendHeaders(development)),
    configurePreviewServer: ({ middlewares }) => void middlewares.use(sendHeaders(strict)),
    configResolved(config) {
      policy = config.command === "serve" && !config.isProduction ? development : strict;
    },
    transformIndexHtml: (_, { path }) => [
      {
        tag: "meta",
        attrs: { "http-equiv": "Content-Security-Policy", content: written(policyOf(path, policy)) },
        injectTo: "head-prepend",
      },
    ],
  };
}
