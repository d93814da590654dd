import type { Gate, Subject } from "jobgate";
import { anything } from "../../values.js";
import { listener, options, signal } from "../arguments.js";
import type { Call, World } from "../world.js";

type Named<T> = Readonly<Record<Extract<keyof T, string>, Call>>;

function newSubject({ package: { main }, subjects }: World) {
  const made = main.subject<unknown>();
  subjects.push(made);
  return made;
}

function newGate({ package: { main }, gates }: World) {
  const made = main.gate();
  gates.push(made);
  return made;
}

export const subjectCalls: Named<Subject<unknown>> = {
  next: (world, draw) => draw.random.pick(world.subjects).next(anything(draw)),
  listen(world, draw) {
    const { listen } = draw.random.once(4) ? newSubject(world) : draw.random.pick(world.subjects);
    world.unsubscribes.push(listen(listener(world, draw)));
  },
  listenerCount: (world, draw) => draw.random.pick(world.subjects).listenerCount,
};

export const gateCalls: Named<Gate> = {
  isOpen: (world, draw) => draw.random.pick(world.gates).isOpen,
  open: (world, draw) => draw.random.pick(world.gates).open(),
  listen(world, draw) {
    const { listen } = draw.random.once(3) ? newGate(world) : draw.random.pick(world.gates);
    world.unsubscribes.push(listen(listener(world, draw)));
  },
  wait(world, draw) {
    const { wait } = draw.random.once(3) ? newGate(world) : draw.random.pick(world.gates);
    world.settles("a gate's wait", wait(options(draw, {}, { signal: () => signal(draw) })));
  },
};

export const unsubscribing: Readonly<Record<string, Call>> = {
  once: (world, draw) => draw.random.pick([() => {}, ...world.unsubscribes])(anything(draw)),
};
