import { throwIfAborted } from "../../support/abort.js";
import { fieldOf } from "../../support/look.js";
import { chance } from "../../support/time.js";
import { checkEngine } from "../../wasm/engine.js";
import { checkFlag, needFunction } from "../../wasm/options.js";
import { AgentError } from "../errors.js";
import { needArray, needObject, needString } from "../json.js";
import { followed, sleep, untilAborted } from "../signals.js";
import type { ModelProvider, ModelRequest, ModelResponse, OpenAiOptions, RequestContext, ToolSpec } from "../types.js";
import { orFailure, startAgentsWasm, WasmAttempts } from "../wasm.js";
import { Assembly, unreadable } from "./assembly.js";
import { readRefusal } from "./failure.js";
import { type Event, Lines } from "./lines.js";
import { Reply } from "./reply.js";
import { type Asking, address, bodyOf, Writer } from "./request.js";

/** Characters that are read of an error's body: more than any message takes. */
const LONGEST_REFUSAL = 65_536;

/**
 * Any server that speaks the OpenAI chat-completions stream, over `fetch`; aborting closes the connection.
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
  const sent = headersOf("headers", headers);
  if (apiKey !== undefined) headersOf("apiKey", { Authorization: `Bearer ${apiKey}` });
  const server = new Server(
    address(addressOf(baseUrl)),
    { model, body: copyOf(body) },
    [...(apiKey === undefined ? [] : [["Authorization", `Bearer ${apiKey}`] as const]), ...sent],
    checkFlag("usage", usage),
    checkFlag("sendReasoning", sendReasoning),
    fetch,
  );
  startAgentsWasm();
  return Object.freeze<ModelProvider>({
    name: name ?? model,
    async request({ messages, tools }, { signal: given, send }) {
      checkEngine();
      needArray("messages", messages);
      needArray("tools", tools);
      needFunction("send", send);
      const specs = Array.from(tools, (tool, at) => {
        needObject(`tools[${at}]`, tool);
        return tool;
      });
      const { signal, unfollow } = followed(given);
      try {
        return await orFailure(server.ask({ messages, tools: specs }, { signal, send }));
      } finally {
        unfollow();
      }
    },
  });
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

/** The caller's may change. */
function copyOf(body: unknown): Asking["body"] {
  needObject("body", body);
  let copy: unknown;
  try {
    copy = JSON.parse(JSON.stringify(body));
  } catch (error) {
    throw new TypeError("body must be an object that JSON can carry", { cause: error });
  }
  if (typeof copy !== "object" || copy === null || Array.isArray(copy)) throw new TypeError("body must be an object");
  if ("messages" in copy) throw new TypeError("body.messages must be left out: they are the conversation's");
  return copy as Asking["body"];
}

function headersOf(field: string, headers: Record<string, string>): Headers {
  try {
    return new Headers(headers);
  } catch {
    // Not named: it may be a secret.
    throw new TypeError(`${field} has characters that no header can carry`);
  }
}

class Server {
  private readonly writer = new Writer();
  private reasoningName = "reasoning_content";

  constructor(
    private readonly url: string,
    private readonly asking: Asking,
    private readonly headers: readonly (readonly [string, string])[],
    private usage: boolean,
    private readonly sendReasoning: boolean,
    private readonly fetch: OpenAiOptions["fetch"],
  ) {}

  async ask({ messages, tools }: ModelRequest, { signal, send }: RequestContext): Promise<ModelResponse> {
    const said = this.writer.write(messages, this.sendReasoning ? this.reasoningName : undefined);
    const reply = await this.open(said, tools, signal);
    const pass: RequestContext["send"] = (chunk) => untilAborted(send(Object.freeze(chunk)), signal);
    const answer = Object.freeze(await this.read(reply, messages.length, signal, pass));
    for (const call of answer.toolCalls) await pass({ type: "tool_call", call });
    return answer;
  }

  /** The head of the answer. */
  private async open(messages: string, tools: readonly ToolSpec[], signal: AbortSignal): Promise<Reply> {
    const attempts = new WasmAttempts(this.usage);
    try {
      for (;;) {
        const reply = await this.fetched(bodyOf(this.asking, tools, attempts.asksForUsage(), messages), signal);
        if (reply.isOk) {
          attempts.taken();
          return reply;
        }
        const { status } = reply;
        const said = await textOf(reply, signal);
        throwIfAborted(signal);
        const refused = readRefusal(status, reply.statusText, reply.header("retry-after"), said);
        const { message, wait, usedUp, usage } = refused;
        const pause = attempts.refused(status, wait, usedUp, usage, chance());
        if (pause < 0) throw new AgentError(`the model's server answered ${status}: ${message}`, "E_HTTP", { status });
        if (pause > 0) await sleep(pause, signal);
      }
    } finally {
      if (attempts.usageIsRefused()) this.usage = false;
      attempts.free();
    }
  }

  private async fetched(body: string, signal: AbortSignal): Promise<Reply> {
    const headers = new Headers({ "Content-Type": "application/json", Accept: "text/event-stream" });
    for (const [name, value] of this.headers) headers.set(name, value);
    const { url, fetch = globalThis.fetch } = this;
    try {
      const reply = new Reply(await fetch(url, { method: "POST", headers, body, signal }));
      // One that stands in for the page's own may not have heard of it.
      if (signal.aborted) reply.cancel();
      return reply;
    } catch (cause) {
      throwIfAborted(signal);
      const message = fieldOf(cause, "message");
      const text = [message, cause].find((text) => typeof text === "string") ?? "fetch failed";
      throw new AgentError(`no answer from ${url}: ${text}`, "E_NETWORK", { cause });
    } finally {
      throwIfAborted(signal);
    }
  }

  /** The answer, passed on as it arrives. */
  private async read(
    reply: Reply,
    turn: number,
    signal: AbortSignal,
    send: RequestContext["send"],
  ): Promise<ModelResponse> {
    const kind = reply.header("content-type") ?? "";
    // A page where the model was thought to be.
    if (kind.includes("html")) {
      reply.cancel();
      throw unreadable(kind);
    }
    const [lines, assembly] = [new Lines(), new Assembly()];
    const texts = reply.texts(signal);
    let broken: unknown;
    try {
      for (let over = false; !over && !assembly.isDone; ) {
        let events: readonly Event[];
        try {
          const { done, value } = await texts.next();
          over = done === true;
          events = over ? lines.finish() : lines.take(value as string);
        } catch (error) {
          broken = error;
          over = true;
          events = lines.finish();
        }
        // What it says of a server whose connection was closed from here counts for nothing.
        throwIfAborted(signal);
        for (const event of events) await this.pass(event, assembly, send);
      }
    } finally {
      await texts.return();
    }
    // Where all has been said, it does not matter how the connection ends.
    return assembly.finish(turn, broken);
  }

  private async pass(event: Event, assembly: Assembly, send: RequestContext["send"]): Promise<void> {
    const { text, reasoning } = assembly.take(event);
    if (reasoning !== "") {
      this.reasoningName = assembly.reasoningName ?? this.reasoningName;
      await send({ type: "reasoning", text: reasoning });
    }
    if (text !== "") await send({ type: "text", text });
  }
}

/** What the body says; of one that is longer than any message, a little more than that. One that breaks off says nothing. */
async function textOf(reply: Reply, signal: AbortSignal): Promise<string> {
  let said = "";
  try {
    for await (const text of reply.texts(signal)) {
      said += text;
      if (said.length > LONGEST_REFUSAL) break;
    }
    return said;
  } catch {
    return "";
  }
}
