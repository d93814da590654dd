import type { AgentWorker, Session, WorkerJob } from "jobgate/agents";
import { anything, functions } from "../../values.js";
import { listener, number, options, signal, text } from "../arguments.js";
import type { Any, Draw } from "../draw.js";
import type { Call, World } from "../world.js";

const chunk = (draw: Draw): Any =>
  draw.mostly(
    () =>
      draw.random.pick([
        { type: "text", text: "hello" },
        { type: "tool_call", call: { id: "1", name: "tool", arguments: {} } },
        { type: "tool_call", call: { id: "2", name: "unknown", arguments: "not an object" } },
      ]),
    () => anything(draw),
  );

const response = (draw: Draw): Any =>
  options(
    draw,
    { usage: () => anything(draw) },
    {
      content: () => text(draw, "", "an answer"),
      toolCalls: () =>
        draw.mostly(
          () => [],
          () => draw.random.pick([[chunk(draw).call], anything(draw)]),
          2,
        ),
      stopReason: () => text(draw, "stop", "tool_calls"),
    },
  );

/** A model that answers something, now and then after sending chunks. */
const request = (world: World, draw: Draw) => async (_: unknown, context: Any) => {
  for (let left = draw.random.below(3); left > 0; left -= 1) {
    const sent = context.send(chunk(draw));
    if (draw.random.once(2)) await sent;
    else world.settles("a chunk's sending", sent);
  }
  if (draw.random.once(5)) return draw.throw(anything(draw));
  if (draw.random.once(5)) world.act(draw.random);
  return response(draw);
};

function provider(world: World, draw: Draw): Any {
  const { scriptedProvider, openAiCompatible } = world.package.agents;
  const kind = draw.random.below(8);
  if (kind === 0) return anything(draw);
  if (kind === 1) {
    const replies = () =>
      draw.mostly(
        () => ["one", [chunk(draw)]],
        () => anything(draw),
      );
    return scriptedProvider(
      options(draw, { chunkDelay: () => number(draw, 0, 1), name: () => text(draw, "scripted") }, { replies }),
    );
  }
  if (kind === 2) {
    const fields = {
      apiKey: () => text(draw, "a key"),
      headers: () => anything(draw),
      name: () => text(draw, "openai"),
    };
    // Never asked: nobody has a connection here.
    openAiCompatible(
      options(draw, fields, { baseUrl: () => text(draw, "http://127.0.0.1:9/v1"), model: () => text(draw, "m") }),
    );
  }
  return options(draw, {}, { name: () => text(draw, "model", "another"), request: () => request(world, draw) });
}

const tool = (world: World, draw: Draw): Any =>
  options(
    draw,
    { confirm: () => draw.random.pick([true, false]) },
    {
      name: () => text(draw, "tool"),
      description: () => text(draw, "a tool"),
      parameters: () =>
        draw.mostly(
          () => ({ type: "object" }),
          () => anything(draw),
        ),
      run: () => async () => {
        world.act(draw.random);
        return draw.random.once(2) ? draw.throw(anything(draw)) : anything(draw);
      },
    },
  );

function newSession(world: World, draw: Draw): Any {
  const fields = {
    tools: () =>
      draw.mostly(
        () => [tool(world, draw)],
        () => anything(draw),
      ),
    concurrency: () => number(draw, 1, 2),
    maxTurns: () => number(draw, 1, 3),
  };
  const session = new world.package.agents.Session(
    options(draw, fields, {
      providers: () =>
        draw.mostly(
          () => [provider(world, draw)],
          () => anything(draw),
        ),
    }),
  );
  world.sessions.push(session);
  return session;
}

/** One whose provider misbehaves only when it is asked. */
const one = (world: World, draw: Draw): Any =>
  world.one(world.sessions, draw, () => {
    const { Session } = world.package.agents;
    const session = new Session({
      providers: [{ name: "model", request: request(world, draw) }],
      tools: [{ name: "tool", description: "", parameters: { type: "object" }, run: async () => anything(draw) }],
      maxTurns: 3,
    });
    world.sessions.push(session);
    return session;
  });

function agent(world: World, draw: Draw): readonly [session: Any, worker: Any] {
  const session = one(world, draw);
  const [known] = session.workers;
  return [session, known ?? session.createWorker({ name: "an agent" })];
}

const host = (world: World, draw: Draw): Any =>
  options(
    draw,
    {},
    {
      workerStateChange: () => listener(world, draw),
      responseChunkReceived: () =>
        draw.mostly(
          () => () => {},
          () => draw.of(functions),
        ),
      getToolConfirmation: () =>
        draw.mostly(
          () => async () => draw.random.pick(["approve", "deny"]),
          () => draw.of(functions),
          2,
        ),
    },
  );

const runOptions = (draw: Draw): Any =>
  options(draw, {
    signal: () => signal(draw),
    timeout: () => number(draw, 1, 5, 1000),
    onBusy: () => draw.random.pick(["join", "queue"]),
  });

/** Whatever it answers with, its job ends. */
function took(world: World, { job }: { readonly job: Any }): void {
  world.jobs.push(job);
  world.settles("an agent's job", job.settled);
}

const sessionCalls: Readonly<Record<Exclude<keyof Session, symbol> | "new" | "run again", Call>> = {
  new: newSession,
  workers: (world, draw) => one(world, draw).workers,
  subscribe: (world, draw) => world.unsubscribes.push(one(world, draw).subscribe(listener(world, draw))),
  jobs: (world, draw) => one(world, draw).jobs,
  createWorker(world, draw) {
    const fields = {
      provider: () => text(draw, "model"),
      system: () => text(draw, "be brief"),
      messages: () => anything(draw),
    };
    world.agents.push(one(world, draw).createWorker(options(draw, fields, { name: () => text(draw, "an agent") })));
  },
  removeWorker(world, draw) {
    const [session, worker] = agent(world, draw);
    const removed = draw.mostly(
      () => worker.id,
      () => anything(draw),
      2,
    );
    if (draw.random.once(3)) world.settles("removeWorker", session.removeWorker(removed));
  },
  run: (world, draw) => run(world, draw),
  "run again": (world, draw) => run(world, draw),
  runTask(world, draw) {
    const [session, worker] = agent(world, draw);
    const task = {
      run: () => async () => {
        world.act(draw.random);
        return draw.random.once(2) ? draw.throw(anything(draw)) : anything(draw);
      },
    };
    const whose = draw.mostly(
      () => worker,
      () => anything(draw),
      6,
    );
    took(world, session.runTask(whose, options(draw, {}, task), runOptions(draw)));
  },
  close(world, draw) {
    if (draw.random.once(5)) world.settles("a session's close", one(world, draw).close(anything(draw)));
  },
};

function run(world: World, draw: Draw): void {
  const [session, worker] = agent(world, draw);
  const whose = draw.mostly(
    () => worker,
    () => anything(draw),
    8,
  );
  const input = options(draw, {}, { prompt: () => text(draw, "hello") });
  took(world, session.run(whose, input, host(world, draw), runOptions(draw)));
}

const read =
  (name: Extract<keyof AgentWorker, string>): Call =>
  (world, draw) =>
    agent(world, draw)[1][name];

const workerCalls: Readonly<Record<`worker's ${Extract<keyof AgentWorker, string>}`, Call>> = {
  "worker's id": read("id"),
  "worker's name": read("name"),
  "worker's state": read("state"),
  "worker's lastFailure": read("lastFailure"),
  "worker's provider": read("provider"),
  "worker's messages": read("messages"),
  "worker's onStateChange": (world, draw) =>
    world.unsubscribes.push(agent(world, draw)[1].onStateChange(listener(world, draw))),
  "worker's subscribe": (world, draw) =>
    world.unsubscribes.push(agent(world, draw)[1].subscribe(listener(world, draw))),
  "worker's getSnapshot": (world, draw) => agent(world, draw)[1].getSnapshot(),
  "worker's truncate": (world, draw) => agent(world, draw)[1].truncate(number(draw, 0, 1, 3)),
  "worker's setMessages": (world, draw) =>
    agent(world, draw)[1].setMessages(
      draw.mostly(
        () => [{ role: "user", content: "hello" }],
        () => anything(draw),
        2,
      ),
    ),
};

const agentJobCalls: Readonly<
  Record<Extract<Exclude<keyof WorkerJob, keyof import("jobgate").ManagedJob>, string>, Call>
> = {
  worker: (world, draw) => one(world, draw).jobs[0]?.worker,
  cancel: (world, draw) => one(world, draw).jobs[0]?.cancel(anything(draw)),
  wait: (world, draw) => one(world, draw).jobs[0]?.wait(),
};

export const agentCalls = { ...sessionCalls, ...workerCalls, ...agentJobCalls };
