import { Hostile } from "../support/unreadable.js";
import { anything } from "../values.js";
import { type Any, Draw, type Surroundings } from "./draw.js";
import { isNative, isRaw, within } from "./faults.js";
import type { Package } from "./package.js";
import type { Random } from "./random.js";

/** One public call, with arguments that are drawn. */
export type Call = (world: World, draw: Draw) => unknown;
export type Calls = Readonly<Record<string, Call>>;

/** So many calls may be made from inside callbacks. */
const CALLS_INSIDE = 30;

interface Made {
  readonly job: Any;
  readonly manager: Any;
  /** The first that was seen: it must be the last, too. */
  completion: unknown;
}

/** What a program has made so far, and what it left behind. */
export class World implements Surroundings {
  readonly package: Package;
  readonly realm: (code: string) => unknown;
  readonly managers: Any[] = [];
  readonly jobs: Any[] = [];
  readonly contexts: Any[] = [];
  readonly testContexts: Any[] = [];
  readonly subjects: Any[] = [];
  readonly gates: Any[] = [];
  readonly unsubscribes: Any[] = [];
  readonly runners: Any[] = [];
  readonly clients: Any[] = [];
  readonly shared: Any[] = [];
  readonly sharedJobs: Any[] = [];
  readonly pools: Any[] = [];
  readonly sessions: Any[] = [];
  readonly agents: Any[] = [];
  /** The calls made, with their arguments; those from inside callbacks are set in. */
  readonly told: (() => string)[] = [];
  /** What went wrong where nobody catches it: inside callbacks. */
  readonly faults: string[] = [];
  private readonly calls: Calls;
  /** One of the managers, in which somebody looks at everything that happens. */
  private readonly watched: Any;
  private readonly pickCall: (random: Random) => string;
  /** Managers that were asked to map. */
  readonly mapped = new Set<Any>();
  private readonly made: Made[] = [];
  private readonly thrown = new Set<unknown>();
  private readonly releases: (() => void)[] = [];
  private readonly promises: { readonly what: string; readonly promise: Promise<unknown> }[] = [];
  private left = CALLS_INSIDE;
  private over = false;

  constructor(whole: Package, realm: (code: string) => unknown, calls: Calls, pickCall: (random: Random) => string) {
    this.package = whole;
    this.realm = realm;
    this.calls = calls;
    this.pickCall = pickCall;
    const { main } = whole;
    const watched = new main.JobManager({ retain: 3, concurrency: 2 });
    this.managers.push(new main.JobManager(), watched);
    this.watched = watched;
    watched.subscribe(() => watched.getSnapshot());
    void readAll(watched.events());
    this.subjects.push(main.subject());
    this.gates.push(main.gate());
  }

  // ── for values ────────────────────────────────────────────────────────────────────────────────

  release(call: () => void): void {
    if (this.over) queueMicrotask(() => this.guarded(call));
    else this.releases.push(call);
  }

  noteThrown(value: unknown): void {
    this.thrown.add(value);
  }

  act(random: Random): void {
    if (this.over || this.left === 0) return;
    this.left -= 1;
    this.perform(this.pickCall(random), new Draw(random.below(2 ** 31), this), "  ");
  }

  // ── for calls ─────────────────────────────────────────────────────────────────────────────────

  /** Makes the call; what it throws has to be something that may be thrown. */
  perform(name: string, draw: Draw, indent = ""): void {
    let thrown = "";
    // Later, when all of its arguments are known.
    this.told.push(() => `${indent}${name}(${draw.notes.join(", ")})${thrown}`);
    try {
      this.calls[name]!(this, draw);
    } catch (error) {
      thrown = ` threw ${describe(error).split("\n")[0]}`;
      const raw = isRaw(error) && !this.isKnown(error);
      if (raw) this.faults.push(`${name}(${draw.notes.join(", ")}) threw ${describe(error)}`);
    }
  }

  /** A promise that has to settle once all is over. */
  settles(what: string, promise: unknown): void {
    const watched = promise as Promise<unknown>;
    this.promises.push({ what, promise: watched });
    watched.then(
      () => {},
      () => {},
    );
  }

  /** What `runJob` has answered. */
  took(manager: Any, { type, job }: { readonly type: string; readonly job: Any }): void {
    this.jobs.push(job);
    if (type !== "JOB_CREATED") return;
    if (manager === this.watched) watch(job);
    const made: Made = { job, manager, completion: undefined };
    this.made.push(made);
    job.settled.then((completion: unknown) => {
      made.completion = completion;
    });
  }

  /** One of them, or anything else in its place, now and then. */
  one(list: readonly Any[], draw: Draw, make: () => Any): Any {
    if (list.length === 0) return make();
    return draw.random.pick(list);
  }

  // ── at the end ────────────────────────────────────────────────────────────────────────────────

  /** Lets go of everything; throws unless all of it ends. */
  async finish(patience: number): Promise<void> {
    this.over = true;
    for (const call of this.releases) this.guarded(call);
    for (const gate of this.gates) gate.open();
    for (const manager of this.managers) {
      manager.resume();
      await within(manager.stopAll("the program is over"), "a manager's stopAll", patience);
      await within(manager.onIdle(), "a manager's onIdle", patience);
      await within(manager.close(), "a manager's close", patience);
      this.checkStats(manager);
    }
    // What its port throws may be thrown; whoever waits for an answer is told that there will be none.
    for (const client of this.clients) this.guarded(client.close);
    for (const closable of [...this.runners, ...this.shared, ...this.pools, ...this.sessions]) {
      await within(closable.close(), `a ${closable.constructor.name}'s close`, patience);
    }
    for (const { job, completion } of this.made) {
      await within(job.settled, `settled of the job ${describe(job.key)}`, patience);
      await within(job.stop(), `stop of the job ${describe(job.key)}`, patience);
      if (completion !== undefined && job.completion !== completion) throw new Error("a completion was overwritten");
      if (job.completion === undefined) throw new Error("a job is settled without a completion");
    }
    for (const { what, promise } of this.promises) await within(promise, what, patience);
  }

  private checkStats(manager: Any): void {
    const { pending, running, completed, failed, cancelled, total } = manager.stats;
    // Nobody has counted the items of a map.
    const made = this.mapped.has(manager) ? total : this.made.filter((one) => one.manager === manager).length;
    const counts = `pending ${pending}, running ${running}, ended ${completed + failed + cancelled} of ${total}`;
    const expected = `pending 0, running 0, ended ${made} of ${made}`;
    if (counts !== expected) throw new Error(`a manager's stats: want ${expected}, got ${counts}`);
  }

  private guarded(call: () => void): void {
    try {
      call();
    } catch (error) {
      if (isRaw(error) && !this.isKnown(error)) this.faults.push(`a callback that came late threw ${describe(error)}`);
    }
  }

  /** Whether somebody of this program has thrown it, or the platform because of one of its values. */
  isKnown(error: unknown): boolean {
    if (this.thrown.has(error) || isNative(error)) return true;
    try {
      return error instanceof Hostile;
    } catch {
      return false;
    }
  }

  anything(draw: Draw): Any {
    return anything(draw);
  }
}

async function readAll(stream: ReadableStream): Promise<void> {
  const reader = stream.getReader();
  while (!(await reader.read()).done);
}

function watch(job: Any): void {
  void readAll(job.events());
  job.onStateChange(() => {});
  job.onProgress(() => {});
  job.onStopped(() => {});
}

export function describe(value: unknown): string {
  try {
    const { name, message, stack } = value as Error;
    if (typeof message === "string") return `${name}: ${message}${whereOf(String(stack))}`;
    return String(value);
  } catch {
    return `some ${typeof value}`;
  }
}

/** The innermost callers; the address of the package as one module is longer than the package. */
function whereOf(stack: string): string {
  const lines = stack.replace(/(?:data|blob):[^\s)]+?(:\d+:\d+)/g, "package$1").split("\n");
  const callers = lines.filter((line) => /:\d+:\d+/.test(line)).slice(0, 5);
  return callers.map((line) => `\n      ${line.trim()}`).join("");
}
