// Ports that are sockets of Node, where an error that nobody listens for ends the process; a test that leaves one fails.
import { once } from "node:events";
import { type AddressInfo, connect, createServer } from "node:net";
import { JobRunner, QueueClient } from "jobgate/runner";
import { expect, it, onTestFinished } from "vitest";
import { WebSocket, WebSocketServer } from "ws";

it("a client that sends no frame at all ends its own socket, and neither the server nor another client's", async () => {
  const runner = new JobRunner();
  const server = new WebSocketServer({ host: "127.0.0.1", port: 0 });
  onTestFinished(async () => {
    for (const socket of server.clients) socket.terminate();
    server.close();
    await runner.close();
  });
  await once(server, "listening");
  server.on("connection", (socket) => runner.serve(socket as never));
  const { port } = server.address() as AddressInfo;
  const client = new QueueClient(new WebSocket(`ws://127.0.0.1:${port}`) as never);
  onTestFinished(() => client.close());
  expect(await client.clearCompleted()).toBe(0);
  const hostile = connect(port, "127.0.0.1");
  const key = Buffer.alloc(16).toString("base64");
  const upgrade = "Connection: Upgrade\r\nUpgrade: websocket\r\nSec-WebSocket-Version: 13";
  hostile.write(`GET / HTTP/1.1\r\nHost: x\r\n${upgrade}\r\nSec-WebSocket-Key: ${key}\r\n\r\n`);
  await once(hostile, "data");
  const over = once(hostile, "close");
  hostile.resume();
  hostile.write(Buffer.alloc(8, 0xff));
  await over;
  expect(await client.clearCompleted()).toBe(0);
});

it("a socket that is served no more, and then sends no frame at all, ends no process", async () => {
  const runner = new JobRunner();
  const server = new WebSocketServer({ host: "127.0.0.1", port: 0 });
  onTestFinished(async () => {
    server.close();
    await runner.close();
  });
  await once(server, "listening");
  const { port } = server.address() as AddressInfo;
  const client = connect(port, "127.0.0.1");
  const key = Buffer.alloc(16).toString("base64");
  const upgrade = "Connection: Upgrade\r\nUpgrade: websocket\r\nSec-WebSocket-Version: 13";
  client.write(`GET / HTTP/1.1\r\nHost: x\r\n${upgrade}\r\nSec-WebSocket-Key: ${key}\r\n\r\n`);
  const [served] = (await once(server, "connection")) as [WebSocket];
  runner.serve(served as never)();
  const over = new Promise((closed) => served.once("close", closed));
  client.resume();
  client.write(Buffer.alloc(8, 0xff));
  await over;
});

it("a client whose socket finds nobody says so to who asks, and the process goes on", async () => {
  const server = createServer().listen(0, "127.0.0.1");
  await once(server, "listening");
  const { port } = server.address() as AddressInfo;
  await new Promise((closed) => server.close(closed));
  const client = new QueueClient(new WebSocket(`ws://127.0.0.1:${port}`) as never);
  onTestFinished(() => client.close());
  await expect(client.createJob("countdown")).rejects.toMatchObject({ code: "E_CLOSED" });
});
