// Random histories of one conversation, watched by components that come and go: each shows what the worker says.

import type { AgentWorker, ModelRequest, RequestContext, Session } from "jobgate/agents";
import { type UseConversation, useConversation } from "jobgate/react";
import { expect, inject, it } from "vitest";
import { calling, faultOf, newTool, newWorker, saying } from "../agents/support/session.js";
import { deferred } from "../support/work.js";
import { randomOf } from "./support/random.js";
import { drawn } from "./support/render.js";

const SEEDS = 5;
/** Each version of React has seeds of its own. */
const FIRST = 100 * inject("reactMajor");
const STEPS = 60;

/** A model whose answers the history gives. */
class Model {
  readonly name = "model";
  readonly asked: { readonly context: RequestContext; readonly answer: ReturnType<typeof deferred<Answer>> }[] = [];

  request = (_: ModelRequest, context: RequestContext) => {
    const answer = deferred<Answer>();
    const asked = { context, answer };
    this.asked.push(asked);
    context.signal.addEventListener("abort", () => answer.reject(context.signal.reason), { once: true });
    const over = () => void this.asked.splice(this.asked.indexOf(asked), 1);
    answer.promise.then(over, over);
    return answer.promise;
  };
}

type Answer = ReturnType<typeof saying>;

const frame = () => new Promise((resolve) => requestAnimationFrame(resolve));

/** Until a frame has passed in which nothing has changed. */
async function drawnToTheEnd(worker: AgentWorker, session: Session): Promise<void> {
  const now = () => [worker.getSnapshot(), ...session.jobs.map(({ status }) => status)];
  let before: readonly unknown[];
  do {
    before = now();
    await frame();
    await frame();
    await new Promise((resolve) => setTimeout(resolve));
  } while (now().some((part, at) => part !== before[at]) || now().length !== before.length);
}

async function play(seed: number): Promise<void> {
  const random = randomOf(seed);
  const model = new Model();
  let used = 0;
  const tools = [newTool("tool", async () => `used ${++used}`)];
  const { session, worker } = newWorker(model, { tools });
  const watchers: { view: UseConversation; mounted: ReturnType<typeof drawn> }[] = [];
  let last: UseConversation | undefined;
  const add = () => {
    const watcher = { view: undefined as unknown as UseConversation };
    function Watcher() {
      // Every field is read.
      last = watcher.view = { ...useConversation(session, worker) };
      return watcher.view.state;
    }
    watchers.push(Object.assign(watcher, { mounted: drawn(<Watcher />) }));
  };
  const open = () => model.asked[random(model.asked.length)];
  /** What may be refused is refused with an error that says what to do. */
  const trying = (call: () => void) => {
    const before = worker.messages;
    try {
      call();
    } catch (error) {
      expect([(error as { code?: string }).code, (error as Error).name]).toEqual(
        (error as { code?: string }).code === "E_BUSY" ? ["E_BUSY", "AgentError"] : [undefined, "RangeError"],
      );
      expect(worker.messages).toEqual(before);
    }
  };
  const steps: ((view: UseConversation) => unknown)[] = [
    ({ send }) => send(`prompt ${random(1000)}`),
    ({ regenerate }) => trying(regenerate),
    ({ edit }) => trying(() => edit(random(worker.messages.length + 1), `edited ${random(1000)}`)),
    ({ approve }) => approve(),
    ({ deny }) => deny(),
    ({ stop }) => void stop(`reason ${random(1000)}`),
    () => open()?.context.send({ type: "text", text: "word " }),
    () => open()?.answer.resolve(saying("an answer")),
    () => open()?.answer.resolve(saying("an answer")),
    () => open()?.answer.resolve(calling("tool", "tool")),
    () => open()?.answer.reject(new Error("out of order")),
    add,
    () => watchers.splice(random(watchers.length), 1)[0]?.mounted.unmount(),
  ];
  add();
  for (let step = 0; step < STEPS; step += 1) {
    const view = watchers[random(watchers.length)]?.view ?? last!;
    for (let at = 0; at <= random(2); at += 1) await steps[random(steps.length)]?.(view);
    await drawnToTheEnd(worker, session);
    const { messages, state, lastFailure } = worker.getSnapshot();
    const waiting = session.jobs.filter(({ status }) => status === "pending").length;
    for (const { view } of watchers) {
      const where = `seed ${seed}, step ${step}`;
      expect(view.messages, where).toBe(messages);
      expect(view.state, where).toBe(state);
      expect(view.error, where).toBe(lastFailure);
      expect(view.asked !== undefined, where).toBe(state === "waiting");
      expect(view.queued, where).toHaveLength(waiting);
      if (lastFailure !== undefined) expect(view.failures.at(-1)?.error, where).toBe(lastFailure);
    }
  }
  await last?.stop();
  await drawnToTheEnd(worker, session);
  expect(session.jobs).toEqual([]);
  expect(faultOf(worker.messages)).toBeUndefined();
  for (const { mounted, view } of watchers) {
    expect(view).toMatchObject({ asked: undefined, queued: [] });
    mounted.unmount();
  }
}

it.each(Array.from({ length: SEEDS }, (_, at) => FIRST + at))("conversation %d", play);
