// A tab of the app: a runner with types whose bodies tell the server what they do.
import { type SharedJobType, SharedRunner, type SharedRunnerOptions, type SharedTaskContext } from "jobgate/shared";
import { countTransactions } from "./transactions.js";

declare global {
  // What tests call in the page.
  var runner: SharedRunner;
  var tab: {
    open(options?: TabOptions): Promise<void>;
    /** Lets bodies that hold go on. */
    release(): void;
    readonly aborts: string[];
    readonly errors: string[];
    ended(id: string): Promise<SharedRunnerRecord>;
    until(id: string, field: string, value: unknown): Promise<void>;
    /** Stands still, in what it computes, until the server lets it go on. */
    compute(): Promise<void>;
    /** Stands still until the server has thawed its process. */
    freezeProcess(): void;
    /** In which step the page is to die. */
    diesIn: string | undefined;
  };
}

type SharedRunnerRecord = NonNullable<ReturnType<SharedRunner["getJob"]>>;

export interface TabOptions extends Omit<SharedRunnerOptions, "types"> {
  /** Of all types. */
  readonly version?: number;
  /** How this build brings params of older versions to its own. */
  readonly migrates?: "adds" | "throws";
  readonly type?: Partial<SharedJobType>;
  /** Whether actions may kill it. */
  readonly dies?: boolean;
  /** Whether its store is to open. */
  readonly opens?: boolean;
}

countTransactions();

const name = new URLSearchParams(location.search).get("tab") ?? "";
/** Another each time the tab is loaded. */
const page = crypto.randomUUID();
let mayDie = true;
let release = () => {};
const released = new Promise<void>((resolve) => {
  release = resolve;
});

/** Resolves once the server has it. */
export async function tell(what: string, context: SharedTaskContext, detail?: unknown): Promise<void> {
  const { id, epoch, attempt, idempotencyKey } = context;
  const body = JSON.stringify({ what, id, epoch, attempt, idempotencyKey, tab: name, page, detail });
  const answer = await fetch("/log", { method: "POST", body });
  if (!answer.ok) throw new Error(`The server said ${answer.status}`);
}

const aborted = ({ signal }: SharedTaskContext) =>
  new Promise<never>((_, reject) => {
    const abort = () => {
      tab.aborts.push(signal.reason.name);
      reject(signal.reason);
    };
    if (signal.aborted) abort();
    else signal.addEventListener("abort", abort);
  });

/** Blocks the page until the server answers. */
function ask(what: string): string {
  const request = new XMLHttpRequest();
  request.open("GET", `/${what}?tab=${name}`, false);
  request.send();
  return request.responseText;
}

/** Blocks the page for good: the server has it killed. */
export const die = () => ask("die");

const bodies: Record<string, (params: Record<string, unknown>, context: SharedTaskContext) => unknown> = {
  /** One effect. */
  async append(params, context) {
    await tell("append", context, params);
    return params.n ?? "done";
  },
  /** Until it is let go on, in this tab. */
  async hold(_, context) {
    await tell("start", context, context.state);
    await Promise.race([released, aborted(context)]);
    await tell("end", context);
    return name;
  },
  /** Amid a request, the first time. */
  async request(_, context) {
    await tell("start", context);
    if (context.epoch === 1) await fetch("/never");
    return "done";
  },
  async crash(_, context) {
    await tell("start", context);
    die();
  },
  async steps({ n }, context) {
    await tell("start", context, context.state);
    for (let at = 1; at <= Number(n ?? 3); at++) {
      await context.step(`step ${at}`, async ({ idempotencyKey }) => {
        if (tab.diesIn === `step ${at}`) {
          await until(() => (runner.getRunningJob<{ at: number }>("key")?.state?.at ?? 0) === at - 1);
          die();
        }
        return tell(`step ${at}`, { ...context, idempotencyKey });
      });
      context.setState({ at });
    }
    await tell("end", context);
    return "done";
  },
  /** Takes actions until one says "end". */
  async actions(_, context) {
    await tell("start", context);
    await Promise.race([
      aborted(context),
      new Promise<void>((resolve) => {
        context.onAction(async (action) => {
          await tell("action", context, action);
          if (action === "end") resolve();
          if (action === "die" && mayDie) die();
        });
      }),
    ]);
    return "done";
  },
  /** For a while, as if it computed. */
  async work(_, context) {
    await tell("start", context);
    await Promise.race([new Promise((resolve) => setTimeout(resolve, 150)), aborted(context)]);
    await tell("end", context);
    return "done";
  },
  async sleeps({ millis }, context) {
    await tell("start", context);
    await Promise.all([
      context.sleep("nap", Number(millis)),
      // Recorded after the nap.
      context.step("asleep", () => {}).then(() => tell("asleep", context)),
    ]);
    await tell("end", context);
    return "done";
  },
};

function typesOf({ version = 1, migrates, type }: TabOptions): SharedJobType[] {
  const adds = (params: unknown) => ({ ...(params as object), n: version });
  const throws = () => {
    throw new Error("This build can't");
  };
  return Object.entries(bodies).map(([name, body]) => ({
    name,
    description: "",
    params: [
      { name: "n", type: "number" as const, required: false },
      { name: "millis", type: "number" as const, required: false },
      { name: "text", type: "string" as const, required: false },
    ],
    version,
    ...(migrates !== undefined && { migrate: migrates === "adds" ? adds : throws }),
    ...type,
    // biome-ignore lint/suspicious/noExplicitAny: all of the bodies' params.
    execute: body as any,
  }));
}

/** Resolves when it is so. */
function until<T>(look: () => T | undefined | false): Promise<T> {
  return new Promise((resolve) => {
    const check = () => {
      const found = look();
      if (found === undefined || found === false) return;
      leave();
      resolve(found);
    };
    const leave = runner.subscribe(check);
    check();
  });
}

const errors: string[] = [];
addEventListener("error", ({ message }) => errors.push(message));
addEventListener("unhandledrejection", ({ reason }) => errors.push(`unhandled: ${reason}`));

globalThis.tab = {
  async open(options = {}) {
    const { version, migrates, type, dies = true, opens = true, ...rest } = options;
    mayDie = dies;
    globalThis.runner = new SharedRunner({ builtins: false, ...rest, types: typesOf(options) });
    await runner.ready;
    if (!opens) return;
    // On a busy machine that takes longer than `ready` waits for it; the rest is waited for by whatever is asked.
    await until(() => runner.storage !== "opening");
    await runner.stopJob("");
  },
  release: () => release(),
  aborts: [],
  errors,
  ended: (id) =>
    until(() => {
      const record = runner.getJob(id);
      return record?.completed_at === undefined ? undefined : record;
    }),
  until: async (id, field, value) => {
    await until(() => (runner.getJob(id) as unknown as Record<string, unknown> | undefined)?.[field] === value);
  },
  compute: () =>
    new Promise((resolve) => {
      betweenTransactions(() => {
        do {
          const until = performance.now() + 200;
          while (performance.now() < until);
        } while (ask("compute") === "on");
        resolve();
      });
    }),
  freezeProcess: () => betweenTransactions(() => ask("freeze")),
  diesIn: undefined,
};
