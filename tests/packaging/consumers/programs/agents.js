import { Session, scriptedProvider } from "jobgate/agents";

async function talk() {
  const session = new Session({ providers: [scriptedProvider({ replies: ["good morning"] })] });
  const worker = session.createWorker({ name: "greeter" });
  const host = {
    workerStateChange() {},
    responseChunkReceived() {},
    getToolConfirmation: async () => "deny",
  };
  const { type } = await session.run(worker, { prompt: "hello" }, host).job.wait();
  await session.close();
  return `${type}: ${worker.messages.map(({ role, content }) => `${role} ${content}`).join(", ")}`;
}

export const outcome = talk();
