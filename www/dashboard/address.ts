// What the page's address says: `?server=ws://…` where a server is, `?in=page` where jobs run.

export const places = ["page", "tabs", "server"] as const;
export type PlaceName = (typeof places)[number];

const asked = new URL(location.href).searchParams;

/** As the address has it, or from this page on: "/" is the server that this page came from. */
function serverAsked(): URL | undefined {
  const given = asked.get("server");
  if (given === null || !URL.canParse(given, location.href)) return undefined;
  const url = new URL(given, location.href);
  url.protocol = url.protocol.replace("http", "ws");
  url.hash = "";
  // No other is let through by the page's policy.
  const isNear = [location.hostname, "localhost", "127.0.0.1"].includes(url.hostname);
  return isNear && /^wss?:$/.test(url.protocol) ? url : undefined;
}

/** Where jobs can run besides here; undefined: nobody has named a server. */
export const server: URL | undefined = serverAsked();

/** The page comes from the server of the demo, which takes uploads, and not from one that runs jobs. */
export const isDemo: boolean = server?.host !== location.host;

export function placeAsked(): PlaceName {
  const given = places.find((name) => name === asked.get("in")) ?? "tabs";
  return given === "server" && server === undefined ? "tabs" : given;
}

/** For a reload, and for who is given the address. */
export function notePlace(name: PlaceName): void {
  const url = new URL(location.href);
  url.searchParams.set("in", name);
  history.replaceState(history.state, "", url);
}
