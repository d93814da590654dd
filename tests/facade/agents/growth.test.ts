import { type AgentWorker, type ModelProvider, openAiCompatible, Session, scriptedProvider } from "jobgate/agents";
import { expect, it } from "vitest";
import { growthOf } from "../support/growth.js";
import { served, streaming, well } from "./support/served.js";

const host = {
  workerStateChange() {},
  responseChunkReceived() {},
  getToolConfirmation: async () => "approve" as const,
};
const own: ModelProvider = {
  name: "own",
  request: async ({ messages }) => ({ content: `${messages.length}`, toolCalls: [], stopReason: "stop" }),
};

async function talked(provider: ModelProvider, work: (worker: AgentWorker, session: Session) => Promise<unknown>) {
  const session = new Session({ providers: [provider] });
  await work(session.createWorker({ name: "helper" }), session);
  await session.close();
}

it.each<[string, number, () => ModelProvider]>([
  ["a provider of the page's own", 1500, () => own],
  ["a script", 1500, () => scriptedProvider({ replies: ["hi"] })],
  [
    "a server, whatever sending it takes",
    400,
    () => openAiCompatible({ baseUrl: "http://model.test/v1", model: "m", fetch: async () => well() }),
  ],
])("a long conversation with %s costs what is said, not its square", async (_, turns, provider) => {
  const talk = (count: number) => () =>
    talked(provider(), async (worker, session) => {
      for (let turn = 0; turn < count; turn += 1) {
        const { type } = await session.run(worker, { prompt: `${turn}` }, host).job.wait();
        if (type !== "Normal") throw new Error(type);
        expect(worker.messages.length).toBe(2 * turn + 2);
      }
    });
  expect(await growthOf(talk, turns)).toBe("in proportion");
});

it("a long answer whose reader looks at every piece costs its length", async () => {
  const listen = (chunks: number) => () =>
    talked(
      served([streaming(...Array(chunks).fill({ choices: [{ delta: { content: "word " } }] }), "data: [DONE]\n\n")])
        .provider,
      async (worker, session) => {
        let seen = 0;
        worker.subscribe(() => {
          const last = worker.getSnapshot().messages.at(-1);
          if (last?.role === "assistant") seen = last.content.length;
        });
        await session.run(worker, { prompt: "go" }, host).job.wait();
        expect(seen).toBe(5 * chunks);
      },
    );
  expect(await growthOf(listen, 3000)).toBe("in proportion");
});
