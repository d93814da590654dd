import type { ModelProvider, RequestContext } from "jobgate/agents";
import { type Deferred, deferred } from "../../support/work.js";
import { Host } from "./host.js";
import { bytes, newModel, sse } from "./model.js";
import { calling, newTool, newWorker, saying } from "./session.js";

/** What a model does when it is asked. */
interface Answer {
  readonly text?: string;
  /** A tool that it calls twice. */
  readonly call?: string;
  /** Its answer never ends. */
  readonly hang?: boolean;
  /** Nor does it begin. */
  readonly silent?: boolean;
}

/** A model, whatever way it is asked. Requests are counted from 0. */
export interface Line {
  readonly provider: ModelProvider;
  /** Resolves once there were so many requests. */
  requested(count: number): Promise<unknown>;
  /** Resolves once that request has been given up. */
  cut(index: number): Promise<unknown>;
  /** Of the requests, as far as they can be seen. */
  readonly signals: readonly AbortSignal[];
}

/** A provider that a page has written. */
class Acting implements ModelProvider, Line {
  readonly name = "acting";
  readonly provider = this;
  readonly signals: AbortSignal[] = [];
  readonly #asked: Deferred<void>[] = [];
  readonly #cut: Deferred<void>[] = [];

  constructor(private readonly answers: readonly Answer[]) {}

  async request(_: unknown, { signal, send }: RequestContext) {
    const index = this.signals.push(signal) - 1;
    this.#at(this.#asked, index).resolve();
    const { text = "", call, hang, silent } = this.answers[index] ?? this.answers.at(-1)!;
    const aborted = deferred<never>();
    aborted.promise.catch(() => {});
    signal.addEventListener("abort", () => {
      this.#at(this.#cut, index).resolve();
      aborted.reject(signal.reason);
    });
    if (text !== "") await send({ type: "text", text });
    if (hang || silent) await aborted.promise;
    return call === undefined ? saying(text) : calling(call, call);
  }

  requested(count: number): Promise<void> {
    return this.#at(this.#asked, count - 1).promise;
  }

  cut(index: number): Promise<void> {
    return this.#at(this.#cut, index).promise;
  }

  #at(list: Deferred<void>[], index: number): Deferred<void> {
    list[index] ??= deferred();
    return list[index];
  }
}

function streamed({ text, call, hang, silent = false }: Answer) {
  const parts = [text && sse.text(text)];
  for (const index of call === undefined ? [] : [0, 1]) parts.push(sse.fragment(index, `call_${index}`, call, "{}"));
  if (!hang) parts.push(sse.finish("stop"), sse.done);
  return { body: bytes(parts.join("")), after: hang ? "hang" : "end", silent } as const;
}

/** The ways to a model. */
export const lines: Record<string, (answers: readonly Answer[]) => Promise<Line>> = {
  "a provider of the page's own": async (answers) => new Acting(answers),
  openAiCompatible: async (answers) => {
    const model = await newModel(answers.map(streamed));
    return { provider: model.provider, requested: model.requested, cut: model.cut, signals: [] };
  },
};

/** A run that is held in one place; everything else about it. */
export interface Run {
  readonly line: Line;
  readonly host: Host;
  /** Resolves with the tool's signal when it runs. */
  readonly using: Deferred<AbortSignal>;
}

export interface Place {
  readonly answers: readonly Answer[];
  reach(run: Run): Promise<unknown>;
  /** The request that is under way there. */
  readonly open?: number;
  /** What has arrived of its answer stays. */
  readonly kept?: boolean;
}

const never = new Promise<never>(() => {});
const called = { call: "held" };

/** Every place where a run can be asked to end. */
export const places: Record<string, Place> = {
  "before the request": { answers: [], reach: async () => {} },
  "before the server answers at all": {
    answers: [{ silent: true }],
    reach: ({ line }) => line.requested(1),
    open: 0,
  },
  "before the answer begins": { answers: [{ hang: true }], reach: ({ line }) => line.requested(1), open: 0 },
  "mid-stream": {
    answers: [{ text: "so far", hang: true }],
    reach: ({ host }) => host.until(() => host.text === "so far"),
    open: 0,
    kept: true,
  },
  "while a slow host holds the stream": {
    answers: [{ text: "so far", hang: true }],
    reach({ host }) {
      host.take = () => never;
      return host.until(() => host.text === "so far");
    },
    open: 0,
    kept: true,
  },
  "during confirmation": {
    answers: [called],
    reach: ({ host }) => host.until(() => host.confirmations.length === 1),
  },
  "mid-tool": {
    answers: [called],
    reach({ host, using }) {
      host.answer = "approve";
      return using.promise;
    },
  },
  "between turns": {
    answers: [called, { hang: true }],
    reach({ host, line }) {
      host.answer = "deny";
      return line.requested(2);
    },
    open: 1,
  },
};

/** Stands ready to be brought to a place. What is asked after that is answered with "well". */
export async function newRun(open: (answers: readonly Answer[]) => Promise<Line>, place: Place) {
  const line = await open([...place.answers, { text: "well" }]);
  const using = deferred<AbortSignal>();
  const tool = newTool("held", (_, { signal }) => {
    using.resolve(signal);
    return new Promise((_, reject) => signal.addEventListener("abort", () => reject(signal.reason)));
  });
  const host = new Host();
  const { session, worker } = newWorker(line.provider, { tools: [tool] });
  const controller = new AbortController();
  const signals: AbortSignal[] = [];
  using.promise.then((signal) => signals.push(signal));
  return {
    line,
    using,
    host,
    session,
    worker,
    controller,
    start: (timeout?: number) =>
      session.run(worker, { prompt: "go" }, host, { signal: controller.signal, ...(timeout && { timeout }) }).job,
    /** Whatever was given to the provider, the tool and the host. */
    signals: () => [...line.signals, ...signals, ...host.confirmations.map(({ signal }) => signal)],
  };
}
