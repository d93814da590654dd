/** What the page may ask besides its own server: the web over TLS, and models on the visitor's own machine. */
export const modelSources = ["https:", "http://localhost:*", "http://127.0.0.1:*"] as const;

/** What is wrong with an address as the page's policy would see it, or nothing. `page` is the page's own. */
export function addressFault(typed: string, page: string): string | undefined {
  const url = parsed(typed.trim(), page);
  if (typed.trim() === "" || !url || !/^https?:$/.test(url.protocol)) {
    return "must be an http or https address, up to and including the version: http://localhost:11434/v1";
  }
  if (url.username !== "" || url.password !== "")
    return "must have no name or password in it; the key has its own field";
  const allowed = url.protocol === "https:" || url.origin === new URL(page).origin;
  if (allowed || url.hostname === "localhost" || url.hostname === "127.0.0.1") return undefined;
  return "must begin with https:, unless it is on this machine: http://localhost or http://127.0.0.1";
}

function parsed(typed: string, page: string): URL | undefined {
  try {
    // "api.openai.com/v1" would be a folder of the page's own server, which the key would be sent to.
    return typed.startsWith("/") ? new URL(typed, page) : new URL(typed);
  } catch {
    return undefined;
  }
}
