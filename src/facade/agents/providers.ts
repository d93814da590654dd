import { checkEngine } from "../engine.js";
import { checkNumber } from "../options.js";
import { checkChunk, frozen, needArray, needObject, needString, toJson, wholeLetters } from "./json.js";
import type { ModelProvider, OpenAiOptions, ScriptedOptions } from "./types.js";
import { orFailure, startAgentsWasm, untilAborted, WasmProvider } from "./wasm.js";

const LONGEST_DELAY = 2 ** 31 - 1;

/** A provider of the binary's, as any other. */
function fromWasm(provider: WasmProvider): ModelProvider {
  return Object.freeze<ModelProvider>({
    name: provider.name,
    async request(request, { signal, send }) {
      checkEngine();
      const pass = (chunk: string) => untilAborted(send(frozen(chunk)), signal);
      return frozen(await orFailure(provider.request(toJson(request), signal, pass)));
    },
  });
}

/**
 * Any server that speaks the OpenAI chat-completions stream. Written in Rust over fetch; aborting closes the connection.
 *
 * A server that answers 429 or 503 is asked again, twice at most, after the time that its `Retry-After` asks for
 * (seconds or a date) and up to a second more; never after the answer has begun. A server of another origin has to
 * expose that header (`Access-Control-Expose-Headers`), else there is only the second. Asked to wait for longer than a
 * minute, or with the quota used up, the run fails at once. See AgentError for what it fails with.
 *
 * Throws TypeError for an address, a header or a key that cannot be sent. The key stays in memory.
 */
export function openAiCompatible(options: OpenAiOptions): ModelProvider {
  needObject("options", options);
  const { baseUrl, model, apiKey, headers = {}, name } = options;
  needString("baseUrl", baseUrl);
  needString("model", model);
  if (apiKey !== undefined) needString("apiKey", apiKey);
  if (name !== undefined) needString("name", name);
  needObject("headers", headers);
  if (!isAddress(baseUrl)) throw new TypeError(`baseUrl must be an http or https address, got "${baseUrl}"`);
  const sent = new Headers(headers);
  if (apiKey !== undefined) checkKey(apiKey);
  startAgentsWasm();
  return fromWasm(WasmProvider.openAi(baseUrl, model, apiKey, [...sent].flat(), name));
}

function isAddress(text: string): boolean {
  try {
    return /^https?:$/.test(new URL(text, globalThis.location?.href).protocol);
  } catch {
    return false;
  }
}

function checkKey(apiKey: string): void {
  try {
    new Headers({ Authorization: `Bearer ${apiKey}` });
  } catch {
    // Not named: it is a secret.
    throw new TypeError("apiKey has characters that no header can carry");
  }
}

/** Answers from a script, chunk by chunk: for demos and tests. */
export function scriptedProvider(options: ScriptedOptions): ModelProvider {
  needObject("options", options);
  const { replies, name = "scripted" } = options;
  needString("name", name);
  needArray("replies", replies);
  if (replies.length === 0) throw new RangeError("replies must have at least one reply");
  const checked = replies.map((reply, at) => {
    if (typeof reply === "string") return { text: reply };
    needArray(`replies[${at}]`, reply);
    const whole = wholeLetters();
    const chunks = reply.map((given, index) => {
      const chunk = checkChunk(`replies[${at}][${index}]`, given);
      return chunk.type === "text" ? { ...chunk, text: whole(chunk.text) } : chunk;
    });
    return { chunks };
  });
  const delay = checkNumber("chunkDelay", options.chunkDelay, 0);
  if (!(delay >= 0 && delay <= LONGEST_DELAY)) {
    throw new RangeError(`chunkDelay must be from 0 to ${LONGEST_DELAY} ms, got ${delay}`);
  }
  startAgentsWasm();
  return fromWasm(WasmProvider.scripted(name, toJson(checked), delay));
}
