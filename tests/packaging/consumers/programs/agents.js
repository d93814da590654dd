import { Session, scriptedProvider } from "jobgate/agents";
import { JobManager } from "jobgate/slim";

async function talk() {
  const session = new Session({ providers: [scriptedProvider({ replies: ["good morning"] })] });
  const worker = session.createWorker({ name: "greeter" });
  const host = {
    workerStateChange() {},
    responseChunkReceived() {},
    getToolConfirmation: async () => "deny",
  };
  const { job } = session.run(worker, { prompt: "hello" }, host);
  const { type } = await job.wait();
  const shared = job instanceof new JobManager().runJob("own", () => 1).job.constructor;
  await session.close();
  const said = worker.messages.map(({ role, content }) => `${role} ${content}`).join(", ");
  return `${type}: ${said}, ${shared ? "one engine" : "two engines"}`;
}

export const outcome = talk();
