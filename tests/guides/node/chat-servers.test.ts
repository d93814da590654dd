import { Readable } from "node:stream";
import { openAiCompatible, Session, type WorkerToHostInterface } from "jobgate/agents";
import { expect, it } from "vitest";
import { chatProxy } from "../../.guides/chat-servers/proxy.ts";
import { later, serve } from "./support.ts";

/** As a server of Node does that speaks fetch: a request that is given up aborts its signal. */
const proxyFor = (baseUrl: string) =>
  serve(async (incoming, outgoing) => {
    const given = new AbortController();
    outgoing.on("close", () => given.abort());
    const chunks: Buffer[] = [];
    for await (const chunk of incoming) chunks.push(chunk);
    const request = new Request(`http://proxy${incoming.url}`, {
      method: "POST",
      body: Buffer.concat(chunks),
      signal: given.signal,
    });
    const answer = await chatProxy(request, { baseUrl, key: "secret", models: ["parrot"] });
    outgoing.writeHead(answer.status, Object.fromEntries(answer.headers));
    if (!answer.body) return void outgoing.end();
    Readable.fromWeb(answer.body as never)
      .on("error", () => outgoing.destroy())
      .pipe(outgoing);
  });

const chunk = (content: string) => `data: ${JSON.stringify({ choices: [{ index: 0, delta: { content } }] })}\n\n`;
const end = `data: ${JSON.stringify({ choices: [{ index: 0, delta: {}, finish_reason: "stop" }] })}\n\ndata: [DONE]\n\n`;

function ask(address: string, model: string, heard: (text: string) => void = () => {}) {
  const session = new Session({ providers: [openAiCompatible({ baseUrl: `${address}/v1`, model })] });
  const worker = session.createWorker({ name: "test" });
  const host: WorkerToHostInterface = {
    workerStateChange() {},
    responseChunkReceived: (_, { type, ...chunk }) =>
      type === "text" ? heard((chunk as { text: string }).text) : undefined,
    getToolConfirmation: async () => "deny",
  };
  return { worker, ...session.run(worker, { prompt: "Say something" }, host) };
}

it("the proxy adds the key, passes the stream on as it comes, and what it refuses is read as an error", async () => {
  const keys: (string | undefined)[] = [];
  const heard = later();
  const upstream = await serve(async (request, response) => {
    keys.push(request.headers.authorization);
    request.resume();
    response.writeHead(200, { "Content-Type": "text/event-stream" });
    response.write(`: comment\n\n${chunk("Hello ")}`);
    await heard.promise; // nothing more before the first words have arrived in the page
    response.end(`${chunk("there")}${end}`);
  });
  const proxy = await proxyFor(upstream);
  const { job, worker } = ask(proxy, "parrot", () => heard.resolve());
  expect((await job.wait()).type).toBe("Normal");
  expect(worker.messages.at(-1)).toMatchObject({ role: "assistant", content: "Hello there" });
  expect(keys).toEqual(["Bearer secret"]);

  const refused = ask(proxy, "other");
  expect((await refused.job.wait()).type).toBe("Failed");
  expect(refused.worker.lastFailure).toMatchObject({ code: "E_HTTP", status: 400 });
});

it("a stop in the page reaches the model through the proxy", async () => {
  const closed = later();
  const started = later();
  const upstream = await serve((request, response) => {
    request.resume();
    response.on("close", closed.resolve);
    response.writeHead(200, { "Content-Type": "text/event-stream" });
    response.write(chunk("I begin"));
  });
  const { job, worker } = ask(await proxyFor(upstream), "parrot", () => started.resolve());
  await started.promise;
  await job.stop("enough");
  await closed.promise;
  expect(worker.messages.at(-1)).toMatchObject({ role: "assistant", content: "I begin" });
});
