import { join } from "node:path";

// The page's own data stands in it as inline scripts; evaluating text stays forbidden.
const policy =
  "default-src 'self'; style-src 'self' 'unsafe-inline'; script-src 'self' 'unsafe-inline' 'wasm-unsafe-eval'";

export default {
  turbopack: { root: join(import.meta.dirname, "../..") },
  headers: async () => [{ source: "/:path*", headers: [{ key: "Content-Security-Policy", value: policy }] }],
};
