import { createServer, type IncomingMessage, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";
import type { Plugin } from "vite";

interface Group {
  readonly held: Set<ServerResponse>;
  closed: number;
  tell: (() => void)[];
}

/**
 * A server to fetch from, at /fetch-site/:
 *   text?size=n          n bytes
 *   status?code=n        that status
 *   hold?group=g&of=n    held until n requests of the group are open at the same time; then all are answered
 *   held?group=g&of=n    answered once n requests of the group are held
 *   hosts                the addresses of two hosts that answer likewise, as JSON
 *   closed?group=g&of=n  answered once n held connections of the group have been closed from the other end
 */
export function fetchSite(): Plugin {
  const groups = new Map<string, Group>();
  const groupOf = (name: string) => {
    const group = groups.get(name) ?? { held: new Set(), closed: 0, tell: [] };
    groups.set(name, group);
    return group;
  };

  function hold(response: ServerResponse, group: Group, of: number): void {
    group.held.add(response);
    response.on("close", () => {
      if (!group.held.delete(response)) return;
      group.closed += 1;
      for (const tell of group.tell) tell();
    });
    for (const tell of group.tell) tell();
    if (group.held.size < of) return;
    const answered = [...group.held];
    group.held.clear();
    for (const one of answered) one.end("together");
  }

  function when(response: ServerResponse, group: Group, of: number, count: () => number): void {
    const tell = () => {
      if (count() < of) return;
      group.tell = group.tell.filter((other) => other !== tell);
      response.end(String(count()));
    };
    group.tell.push(tell);
    tell();
  }

  function answer(request: IncomingMessage, response: ServerResponse): void {
    const { pathname, searchParams } = new URL(request.url ?? "/", "http://localhost");
    const number = (name: string) => Number(searchParams.get(name));
    const group = groupOf(searchParams.get("group") ?? "");
    response.setHeader("Cache-Control", "no-store");
    response.setHeader("Access-Control-Allow-Origin", "*");
    if (pathname === "/text") response.end("x".repeat(number("size")));
    else if (pathname === "/hold") hold(response, group, number("of"));
    else if (pathname === "/held") when(response, group, number("of"), () => group.held.size);
    else if (pathname === "/closed") when(response, group, number("of"), () => group.closed);
    else {
      response.statusCode = pathname === "/status" ? number("code") : 404;
      response.end();
    }
  }

  /** One more server, which goes by two names. */
  function openHosts(): Promise<string[]> {
    return new Promise((resolve) => {
      const server = createServer(answer).unref();
      server.listen(0, () => {
        const { port } = server.address() as AddressInfo;
        resolve(["localhost", "127.0.0.1"].map((host) => `http://${host}:${port}`));
      });
    });
  }

  return {
    name: "fetch-site",
    configureServer: ({ middlewares }) => {
      const hosts = openHosts();
      middlewares.use("/fetch-site/hosts", async (_, response) => {
        response.end(JSON.stringify(await hosts));
      });
      middlewares.use("/fetch-site", answer);
    },
  };
}
