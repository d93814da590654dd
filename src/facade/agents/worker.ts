import { checkEngine } from "../engine.js";
import { needFunction } from "../options.js";
import { Listeners } from "../runner/line.js";
import type { Unsubscribe } from "../types.js";
import { parseMessages, toJson } from "./json.js";
import type { AgentWorker, Message, ModelProvider, WorkerState } from "./types.js";
import { WasmWorker } from "./wasm.js";

/** The conversation is in the binary; what is shown of it is here. */
export class SessionWorker implements AgentWorker {
  readonly id: string;
  readonly name: string;
  readonly provider: ModelProvider;
  readonly onStateChange: AgentWorker["onStateChange"];
  readonly wasm: WasmWorker;
  state: WorkerState = "inactive";
  lastFailure: unknown = undefined;
  private readonly listeners = new Listeners<WorkerState>();
  private revision = -1;
  private known: readonly Message[] = [];

  /** Throws RangeError for messages that no server would accept. */
  constructor(name: string, provider: ModelProvider, system: string | undefined, said: readonly Message[]) {
    try {
      this.wasm = new WasmWorker(name, provider.name, system, toJson(said));
    } catch (fault) {
      checkEngine();
      throw typeof fault === "string" ? new RangeError(fault) : fault;
    }
    this.id = this.wasm.id;
    this.name = name;
    this.provider = provider;
    this.onStateChange = (listener): Unsubscribe => {
      needFunction("listener", listener);
      return this.listeners.add(listener);
    };
  }

  get messages(): readonly Message[] {
    checkEngine();
    const revision = this.wasm.revision();
    if (revision !== this.revision) {
      this.revision = revision;
      // Only the last one ever changes.
      const settled = this.known.slice(0, -1);
      this.known = Object.freeze([...settled, ...parseMessages(this.wasm.messages(settled.length))]);
    }
    return this.known;
  }

  enter(state: WorkerState, failure: unknown): void {
    this.state = state;
    this.lastFailure = failure;
    this.listeners.call(state);
  }
}
