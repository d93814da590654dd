import { Random } from "./random.js";

// biome-ignore lint/suspicious/noExplicitAny: values of every kind, handed in where they do not belong
export type Any = any;

/** Values by what they are called in a program. */
export type Makers = Readonly<Record<string, (draw: Draw) => unknown>>;

/** What hostile values leave behind in the world that they are made for. */
export interface Surroundings {
  /** The global object of another realm. */
  readonly realm: (code: string) => unknown;
  /** To be called when the program is over: lets go of what would wait for ever. */
  release(call: () => void): void;
  /** What is thrown on purpose: it may come back as an error reported. */
  noteThrown(value: unknown): void;
  /** Makes some further call, as user code does that is called. */
  act(random: Random): void;
}

/** Draws the values of one step; writes down what they are, for whoever reads the program. */
export class Draw {
  readonly random: Random;
  readonly notes: string[] = [];
  readonly around: Surroundings;

  constructor(seed: number, around: Surroundings) {
    this.random = new Random(seed);
    this.around = around;
  }

  note(text: string): void {
    this.notes.push(text);
  }

  /** One of them, by chance. */
  of(makers: Makers): Any {
    const name = this.random.pick(Object.keys(makers));
    this.note(name);
    return makers[name]!(this);
  }

  /** The first in most cases, else the second: a program in which all is refused tells nothing. */
  mostly(usual: () => Any, other: () => Any, times = 4): Any {
    return this.random.once(times) ? other() : usual();
  }

  /** Throws something, which is written down as thrown. */
  throw(value: unknown): never {
    this.around.noteThrown(value);
    throw value;
  }
}
