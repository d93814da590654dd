import {
  Agent,
  createServer,
  type IncomingMessage,
  type OutgoingHttpHeaders,
  type RequestOptions,
  request,
  type ServerResponse,
} from "node:http";
import type { AddressInfo } from "node:net";
import { expect, onTestFinished } from "vitest";

/** A server of this test's own, on a free port; its address. */
export async function serve(answer: (request: IncomingMessage, response: ServerResponse) => void): Promise<string> {
  const server = createServer(answer).listen(0, "127.0.0.1");
  // It leaves idle connections to the client: one that it ended might have been asked something meanwhile.
  server.keepAliveTimeout = 0;
  await new Promise((resolve) => server.once("listening", resolve));
  onTestFinished(() => {
    server.closeAllConnections();
    server.close();
  });
  return `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
}

/** What a server answers to a request that fetch would not send. */
export function statusOf(site: string, options: RequestOptions): Promise<number | undefined> {
  return new Promise((resolve, reject) => {
    const asking = request(site, { agent: false, ...options }, (response) => resolve(response.resume().statusCode));
    asking.on("error", reject).end();
  });
}

/** Whether the next request on the connection is answered, after one that was refused before its body was read. */
export async function expectAnsweredAfterRefusal(site: string, authorized: OutgoingHttpHeaders): Promise<void> {
  const agent = new Agent({ keepAlive: true, maxSockets: 1 });
  onTestFinished(() => agent.destroy());
  const ask = (options: RequestOptions, body?: Buffer) =>
    new Promise<number | undefined>((resolve, reject) => {
      const asking = request(site, { agent, ...options }, (response) => {
        response.resume().on("end", () => resolve(response.statusCode));
      });
      asking.on("error", reject).end(body);
    });
  expect(await ask({ method: "POST" }, Buffer.alloc(900_000))).toBeGreaterThanOrEqual(401);
  expect(await ask({ headers: authorized })).toBe(200);
}

/** A promise, and what settles it. */
export function later<T = void>() {
  let resolve: (value: T) => void = () => {};
  let reject: (error: unknown) => void = () => {};
  const promise = new Promise<T>((one, other) => {
    resolve = one;
    reject = other;
  });
  return { promise, resolve, reject };
}
