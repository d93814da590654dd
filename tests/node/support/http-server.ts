import { createServer, type IncomingMessage } from "node:http";
import type { AddressInfo } from "node:net";
import { Readable } from "node:stream";
import type { JobHandler } from "jobgate/runner";
import { onTestFinished } from "vitest";

function requestOf(incoming: IncomingMessage, signal: AbortSignal): Request {
  const { method = "GET", url = "/", headers, rawHeaders } = incoming;
  const given = new Headers();
  for (let at = 0; at < rawHeaders.length; at += 2) given.append(rawHeaders[at]!, rawHeaders[at + 1]!);
  const body = method === "GET" || method === "HEAD" ? null : (Readable.toWeb(incoming) as ReadableStream);
  const address = `http://${headers.host}${url}`;
  return new Request(address, { method, headers: given, body, signal, duplex: "half" } as RequestInit);
}

/** A handler on a real server; resolves with its address. What is not the handler's is answered with 404 and no JSON. */
export async function serve(handler: JobHandler): Promise<string> {
  const server = createServer(async (incoming, outgoing) => {
    const gone = new AbortController();
    outgoing.on("close", () => gone.abort());
    const response = (await handler(requestOf(incoming, gone.signal))) ?? new Response("not here", { status: 404 });
    outgoing.writeHead(response.status, Object.fromEntries(response.headers));
    if (response.body === null) outgoing.end();
    else Readable.fromWeb(response.body as never).pipe(outgoing);
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  onTestFinished(() => {
    server.closeAllConnections();
    server.close();
  });
  return `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
}
