import { checkEngine } from "../wasm/engine.js";
import { checkFlag, checkNumber, needFunction } from "../wasm/options.js";
import { checkChunk, frozen, needArray, needObject, needString, toJson, wholeLetters } from "./json.js";
import type { Message, ModelProvider, OpenAiOptions, ScriptedOptions } from "./types.js";
import { followed, orFailure, startAgentsWasm, untilAborted, WasmProvider } from "./wasm.js";

const LONGEST_DELAY = 2 ** 31 - 1;

/** A provider of the binary's, as any other. `write`: the messages as it wants them. */
function fromWasm(provider: WasmProvider, write: (messages: readonly Message[]) => string): ModelProvider {
  return Object.freeze<ModelProvider>({
    name: provider.name,
    async request({ messages, tools }, { signal: given, send }) {
      checkEngine();
      needArray("messages", messages);
      needArray("tools", tools);
      needFunction("send", send);
      const { signal, unfollow } = followed(given);
      const specs = Array.from(tools, (tool, at) => {
        needObject(`tools[${at}]`, tool);
        return tool;
      });
      const pass = (chunk: string) => untilAborted(send(frozen(chunk)), signal);
      try {
        const answer = provider.request(write(messages), messages.length, toJson(specs), signal, pass);
        return frozen(await orFailure(answer));
      } finally {
        unfollow();
      }
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
 * Throws TypeError for an address, a header, a key or a body that cannot be sent. The key stays in memory.
 */
export function openAiCompatible(options: OpenAiOptions): ModelProvider {
  needObject("options", options);
  const { baseUrl, model, apiKey, headers = {}, name, body = {}, usage = true, sendReasoning, fetch } = options;
  needString("baseUrl", baseUrl);
  needString("model", model);
  if (apiKey !== undefined) needString("apiKey", apiKey);
  if (name !== undefined) needString("name", name);
  needObject("headers", headers);
  if (fetch !== undefined) needFunction("fetch", fetch);
  const sent = new Headers(headers);
  if (apiKey !== undefined) checkKey(apiKey);
  const checked = {
    baseUrl: addressOf(baseUrl),
    model,
    apiKey,
    headers: [...sent],
    name,
    body: bodyOf(body),
    usage: checkFlag("usage", usage),
    sendReasoning: checkFlag("sendReasoning", sendReasoning),
  };
  startAgentsWasm();
  const provider = WasmProvider.openAi(toJson(checked), fetch);
  return fromWasm(provider, writer(provider));
}

/** Absolute where there is a page to be relative to; elsewhere whoever fetches has to know what it is relative to. */
function addressOf(baseUrl: string): string {
  const { document, location } = globalThis;
  // A worker made of a blob has no address that anything could be relative to, but an origin.
  const bases = [undefined, document?.baseURI, location?.href, location?.origin];
  const here = bases.map((base) => urlOf(baseUrl, base)).find((url) => url !== undefined);
  const url = here ?? urlOf(baseUrl, "http://localhost");
  if (url?.protocol !== "http:" && url?.protocol !== "https:") {
    throw new TypeError(`baseUrl must be an http or https address, got "${baseUrl}"`);
  }
  return here?.href ?? baseUrl;
}

function urlOf(text: string, base?: string): URL | undefined {
  try {
    return new URL(text, base);
  } catch {
    return undefined;
  }
}

/** A copy: the caller's may change. */
function bodyOf(body: unknown): object {
  needObject("body", body);
  let copy: unknown;
  try {
    copy = JSON.parse(JSON.stringify(body));
  } catch (error) {
    throw new TypeError("body must be an object that JSON can carry", { cause: error });
  }
  if (typeof copy !== "object" || copy === null || Array.isArray(copy)) throw new TypeError("body must be an object");
  if ("messages" in copy) throw new TypeError("body.messages must be left out: they are the conversation's");
  return copy;
}

/** A conversation as it was sent last. `ends`: of each message in the text. */
interface Written {
  readonly messages: Message[];
  readonly ends: number[];
  text: string;
}

/** Each message is written once, however often it is sent: those of a conversation never change. */
function writer(provider: WasmProvider): (messages: readonly Message[]) => string {
  // By their first message; a conversation that is gone takes its text along.
  let conversations = new WeakMap<Message, Written>();
  let reasoningName = provider.reasoningName;
  return (messages) => {
    if (provider.reasoningName !== reasoningName) {
      conversations = new WeakMap();
      reasoningName = provider.reasoningName;
    }
    const [first] = messages;
    if (first === undefined) return "";
    const known = conversations.get(first) ?? { messages: [], ends: [], text: "" };
    conversations.delete(first);
    let same = 0;
    while (same < known.messages.length && known.messages[same] === messages[same]) same += 1;
    known.messages.length = same;
    known.ends.length = same;
    known.text = known.text.slice(0, known.ends.at(-1) ?? 0);
    let stays = true;
    for (let at = same; at < messages.length; at += 1) {
      const message = messages[at] as Message;
      known.text += (known.text === "" ? "" : ",") + write(provider, message);
      known.messages.push(message);
      known.ends.push(known.text.length);
      stays &&= isFrozen(message);
    }
    if (stays) conversations.set(first, known);
    return known.text;
  };
}

function write(provider: WasmProvider, message: Message): string {
  needObject("message", message);
  try {
    return provider.written(toJson(message)) ?? "";
  } catch (fault) {
    throw typeof fault === "string" ? new TypeError(`a message cannot be read: ${fault}`) : fault;
  }
}

function isFrozen(value: unknown): boolean {
  if (typeof value !== "object" || value === null) return true;
  return Object.isFrozen(value) && Object.values(value).every(isFrozen);
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
  const { replies, name = "scripted", chunkDelay } = options;
  needString("name", name);
  needArray("replies", replies);
  if (replies.length === 0) throw new RangeError("replies must have at least one reply");
  const checked = Array.from(replies, (reply, at) => {
    if (typeof reply === "string") return { text: reply };
    needArray(`replies[${at}]`, reply);
    const whole = { text: wholeLetters(), reasoning: wholeLetters() };
    const chunks = Array.from(reply, (given, index) => {
      const chunk = checkChunk(`replies[${at}][${index}]`, given);
      return chunk.type === "tool_call" ? chunk : { ...chunk, text: whole[chunk.type](chunk.text) };
    });
    return { chunks };
  });
  const delay = checkNumber("chunkDelay", chunkDelay, 0);
  if (!(delay >= 0 && delay <= LONGEST_DELAY)) {
    throw new RangeError(`chunkDelay must be from 0 to ${LONGEST_DELAY} ms, got ${delay}`);
  }
  startAgentsWasm();
  // What was said makes no difference to it.
  return fromWasm(WasmProvider.scripted(name, toJson(checked), delay), () => "");
}
