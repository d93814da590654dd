import type { AgentWorker, Message, Session, SessionOptions } from "jobgate/agents";
import { type UseConversation, useConversation } from "jobgate/react";
import { expect } from "vitest";
import { HeldProvider, newWorker, saying } from "../../agents/support/session.js";
import { drawn } from "./render.js";

export const said = (messages: readonly Message[]) => messages.map(({ content }) => content);

/** A component that shows a whole conversation, and the view that it was drawn with last. */
export function watcher(session: Session, worker: AgentWorker) {
  const seen = { view: undefined as unknown as UseConversation, times: 0 };
  function Watcher() {
    const view = useConversation(session, worker);
    seen.view = { ...view };
    seen.times += 1;
    return `${view.state}: ${said(view.messages).join(" | ")}`;
  }
  return { Watcher, seen };
}

export async function watched(options: Omit<SessionOptions, "providers"> = {}) {
  const provider = new HeldProvider();
  const { session, worker } = newWorker(provider, options);
  const { Watcher, seen } = watcher(session, worker);
  const mounted = drawn(<Watcher />);
  /** Answers the request of that number, counted from 1. */
  const answer = async (count: number, content: string) =>
    (await provider.requested(count)).answer.resolve(saying(content));
  const shows = (text: string) => expect.poll(() => mounted.text).toBe(text);
  return { provider, session, worker, seen, mounted, answer, shows };
}
