// A gateway in a process of its own, so that a test can stop it. It says its address once it is ready.
import { createServer } from "node:http";
import { join } from "node:path";
import { pathToFileURL } from "node:url";
import { typesOf } from "./types.mjs";

const dist = join(import.meta.dirname, "../../.packed/node_modules/jobgate/dist");
const { QueueGateway } = await import(pathToFileURL(join(dist, "server.js")).href);

const type = (name) => ({
  name,
  description: "",
  params: [{ name: "label", type: "string", default: "" }],
  isolate: "none",
  execute: () => {},
});
const gateway = new QueueGateway({
  redis: process.env.REDIS_URL,
  types: [...["held", "work"].map(type), ...typesOf("none")],
  authorize: (request) => new URL(request.url).searchParams.get("user") ?? undefined,
  scope: (user) => user,
  origins: [],
});
const server = createServer(async (request, response) => {
  const answer = await gateway.fetch(new Request(`http://localhost${request.url}`));
  response.writeHead(answer.status).end(await answer.text());
});
server.on("upgrade", gateway.upgrade);
await gateway.ready;
server.listen(0, "127.0.0.1", () => process.stdout.write(`${server.address().port}\n`));
