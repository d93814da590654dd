import { type ModelProvider, Session, scriptedProvider } from "jobgate/agents";
import { flushSync } from "react-dom";
import { expect, it, onTestFinished } from "vitest";
import { Chat } from "../../.guides/chat-servers/chat.tsx";
import { draw } from "./support.tsx";

it("a chat streams, asks before a tool is used, and stops", async () => {
  const call = { type: "tool_call", call: { id: "1", name: "clock", arguments: {} } } as const;
  const words = Array.from({ length: 5_000 }, () => ({ type: "text", text: "on and " }) as const);
  const session = new Session({
    providers: [scriptedProvider({ replies: [[call], "It is noon", words], chunkDelay: 1 })],
    tools: [{ name: "clock", description: "The time", parameters: { type: "object" }, run: async () => "noon" }],
  });
  onTestFinished(() => session.close());
  const element = draw(<Chat session={session} worker={session.createWorker({ name: "test" })} />);
  await expect.poll(() => element.querySelector("input")).not.toBeNull();
  const press = async (text: string) => {
    const button = () => [...element.querySelectorAll("button")].find(({ textContent }) => textContent === text);
    await expect.poll(button).toBeDefined();
    button()?.click();
  };
  const said = () => element.textContent ?? "";
  await press("Send");
  await expect.poll(said).toContain("May it use clock?");
  await press("Yes");
  await expect.poll(said).toContain("assistant It is noon");
  await press("Send");
  await expect.poll(said).toContain("on and on and");
  await press("Stop");
  await expect.poll(() => said().includes("Stop")).toBe(false);
  expect(session.jobs).toEqual([]);
});

it("a chat shows a prompt that failed while another waited, and asks it again", async () => {
  const replies = [() => Promise.reject(new Error("out of order")), async () => "fine", async () => "here you are"];
  const asked: string[][] = [];
  const provider: ModelProvider = {
    name: "moody",
    async request({ messages }) {
      asked.push(messages.filter(({ role }) => role === "user").map(({ content }) => content));
      return { content: await replies.shift()!(), toolCalls: [], stopReason: "stop" };
    },
  };
  const session = new Session({ providers: [provider] });
  onTestFinished(() => session.close());
  const element = draw(<Chat session={session} worker={session.createWorker({ name: "test", system: "Be brief" })} />);
  await expect.poll(() => element.querySelector("input")).not.toBeNull();
  const button = (text: string) =>
    [...element.querySelectorAll("button")].find(({ textContent }) => textContent === text);
  const type = (text: string) => {
    const input = element.querySelector("input")!;
    Object.getOwnPropertyDescriptor(HTMLInputElement.prototype, "value")!.set!.call(input, text);
    flushSync(() => input.dispatchEvent(new Event("input", { bubbles: true })));
    flushSync(() => button("Send")?.click());
  };
  type("one");
  type("two");
  const said = () => element.textContent ?? "";
  await expect.poll(said).toContain("assistant fine");
  await expect.poll(said).toContain("“one” failed: Error: out of order");
  expect(said()).not.toContain("Be brief");
  button("Ask again")?.click();
  await expect.poll(said).toContain("assistant here you are");
  expect(said()).not.toContain("failed");
  expect(asked).toEqual([["one"], ["two"], ["two", "one"]]);
});
