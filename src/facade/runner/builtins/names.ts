/** The five that come with the package, written in Rust. */
export const builtinJobTypes: readonly string[] = Object.freeze([
  "countdown",
  "prime",
  "fibonacci",
  "url_fetch",
  "echo",
]);
