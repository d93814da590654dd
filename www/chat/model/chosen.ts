import { type ModelProvider, openAiCompatible } from "jobgate/agents";
import { useSyncExternalStore } from "preact/compat";
import { addressFault } from "./reachable.ts";
import { script } from "./script.ts";

/** What the visitor types to name a server. It stays in this page's memory: in no storage, and in no address. */
export interface Server {
  readonly baseUrl: string;
  readonly model: string;
  readonly apiKey: string;
}

export type ServerFaults = Partial<Record<keyof Server, string>>;

/** Who answers, in words. */
export interface Model {
  readonly kind: "script" | "server";
  readonly text: string;
}

const scripted: Model = { kind: "script", text: "the built-in script" };

let model = scripted;
let provider: ModelProvider = script;
const listeners = new Set<() => void>();

/** The session's provider: asks whoever is chosen when a request is made, so that a Retry goes to a corrected address. */
export const chosen: ModelProvider = {
  name: "chosen",
  request: (request, context) => provider.request(request, context),
};

function choose(next: Model, answering: ModelProvider): void {
  model = next;
  provider = answering;
  for (const listener of [...listeners]) listener();
}

export const chooseScript = (): void => choose(scripted, script);

/** Takes a server as typed, or answers what is wrong with it; then nothing has changed. */
export function chooseServer(typed: Server): ServerFaults | undefined {
  const baseUrl = typed.baseUrl.trim();
  const name = typed.model.trim();
  const apiKey = typed.apiKey.trim();
  const address = addressFault(baseUrl, location.href);
  const faults = {
    ...(address !== undefined && { baseUrl: address }),
    ...(name === "" && { model: "must be the name of a model that the server has" }),
    // What a header can carry: visible ASCII, as every key is.
    ...(!/^[\x21-\x7e]*$/.test(apiKey) && { apiKey: "has characters that no header can carry" }),
  };
  if (Object.keys(faults).length > 0) return faults;
  const answering = openAiCompatible({ baseUrl, model: name, ...(apiKey !== "" && { apiKey }) });
  choose({ kind: "server", text: `${name} at ${new URL(baseUrl, location.href).host}` }, answering);
  return undefined;
}

function subscribe(listener: () => void): () => void {
  listeners.add(listener);
  return () => listeners.delete(listener);
}

export const useModel = (): Model => useSyncExternalStore(subscribe, () => model);
