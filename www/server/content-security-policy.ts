import type { Plugin } from "vite";

/** What the built pages may do: their own files, their own server, and compiling WebAssembly. Nothing inline. */
const strict = {
  "default-src": "'none'",
  "script-src": "'self' 'wasm-unsafe-eval'",
  "style-src": "'self'",
  "connect-src": "'self'",
  "img-src": "'self' data:",
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

/** Puts the policy into every page as a meta element and into every answer of the dev and preview servers. */
export function contentSecurityPolicy(): Plugin {
  let policy = strict;
  return {
    name: "content-security-policy",
    config: () => ({
      server: { headers: headers(development) },
      preview: { headers: headers(strict) },
    }),
    configResolved(config) {
      policy = config.command === "serve" && !config.isProduction ? development : strict;
    },
    transformIndexHtml: () => [
      {
        tag: "meta",
        attrs: { "http-equiv": "Content-Security-Policy", content: written(policy) },
        injectTo: "head-prepend",
      },
    ],
  };
}
