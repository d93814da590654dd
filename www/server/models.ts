import { randomUUID } from "node:crypto";
import type { IncomingMessage, ServerResponse } from "node:http";
import { setTimeout as sleep } from "node:timers/promises";
import type { Connect, Plugin } from "vite";

/** One request as the server saw it. Whether it had a key is told, the key is not. */
export interface ModelRecord {
  readonly model: string;
  readonly prompt: string;
  readonly keyed: boolean;
  readonly messages: number;
  outcome: "open" | "finished" | "closed early";
}

interface Asked {
  readonly model: string;
  readonly messages: readonly { readonly role: string; readonly content?: string | null }[];
  readonly tools?: readonly { readonly function: { readonly name: string } }[];
}

type Delta = Record<string, unknown>;

const KEPT_RECORDS = 100;
const LARGEST_BODY = 1_000_000;
const WORD_MS = 20;
const KEY = "open-sesame";

/**
 * Speaks as an OpenAI-compatible server does, without a model behind it. The name says what it does:
 *
 * - `parrot` repeats the prompt; asked for "lorem ipsum" and given a tool for it, it calls that first, in fragments
 * - `slow` says its first words and then nothing more
 * - `failing-once` answers 500 to the first request of each prompt
 * - `breaking-once` breaks the connection amid the first answer to each prompt
 * - `locked` wants the key "open-sesame"
 */
export class ModelServer {
  readonly #records: { record: ModelRecord; closed: Promise<void> }[] = [];

  /** Requests so far, oldest first. */
  list(): ModelRecord[] {
    return this.#records.map(({ record }) => record);
  }

  /** Resolves when the last connection of that prompt is over; undefined for a prompt never seen. */
  async ended(prompt: string): Promise<ModelRecord | undefined> {
    const known = this.#records.findLast(({ record }) => record.prompt === prompt);
    await known?.closed;
    return known?.record;
  }

  async complete(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const asked = await readAsked(request);
    if (!asked) return refuse(response, 400, "The body is not a chat completion request");
    const { model } = asked;
    const prompt = asked.messages.findLast(({ role }) => role === "user")?.content ?? "";
    const { authorization } = request.headers;
    const before = this.#records.filter(({ record }) => record.model === model && record.prompt === prompt).length;
    const keyed = authorization !== undefined;
    this.#remember({ model, prompt, keyed, messages: asked.messages.length, outcome: "open" }, response);
    if (model === "failing-once" && before === 0) return refuse(response, 500, "The model has stumbled");
    if (model === "locked" && authorization !== `Bearer ${KEY}`)
      return refuse(response, 401, "Incorrect API key provided");

    response.writeHead(200, { "Content-Type": "text/event-stream; charset=utf-8", "Cache-Control": "no-store" });
    const id = `chatcmpl-${randomUUID()}`;
    const created = Math.floor(Date.now() / 1000);
    const send = async (delta: Delta, finish: string | null = null) => {
      const choices = [{ index: 0, delta, logprobs: null, finish_reason: finish }];
      const event = { id, object: "chat.completion.chunk", created, model, system_fingerprint: null, choices };
      response.write(`data: ${JSON.stringify(event)}\n\n`);
      await sleep(WORD_MS);
      return !response.closed;
    };
    await send({ role: "assistant", content: "" });
    const tool = asked.tools?.find(({ function: { name } }) => name === "lorem_ipsum");
    if (tool && /lorem ipsum/i.test(prompt) && asked.messages.at(-1)?.role === "user") {
      for (const fragment of callFragments(tool.function.name)) await send({ tool_calls: [fragment] });
      await send({}, "tool_calls");
    } else {
      const text = model === "slow" ? "One moment, I am still" : (asked.messages.at(-1)?.content ?? "");
      for (const word of text.match(/\s*\S+\s*/g) ?? []) if (!(await send({ content: word }))) return;
      if (model === "slow") return;
      if (model === "breaking-once" && before === 0) return void response.destroy();
      await send({}, "stop");
    }
    response.end("data: [DONE]\n\n");
  }

  #remember(record: ModelRecord, response: ServerResponse): void {
    const closed = new Promise<void>((resolve) => {
      response.once("close", () => {
        record.outcome = response.writableFinished ? "finished" : "closed early";
        resolve();
      });
    });
    this.#records.push({ record, closed });
    if (this.#records.length > KEPT_RECORDS) this.#records.shift();
  }
}

/** As recorded of servers: the name first, then the arguments piece by piece. */
function callFragments(name: string): Delta[] {
  const id = `call_${randomUUID().slice(0, 8)}`;
  const pieces = ['{"para', 'graphs"', ": ", "1}"];
  return [
    { index: 0, id, type: "function", function: { name, arguments: "" } },
    ...pieces.map((piece) => ({ index: 0, function: { arguments: piece } })),
  ];
}

async function readAsked(request: IncomingMessage): Promise<Asked | undefined> {
  let body = "";
  request.setEncoding("utf8");
  for await (const piece of request) {
    body += piece;
    if (body.length > LARGEST_BODY) return undefined;
  }
  try {
    const asked: Partial<Asked> = JSON.parse(body);
    return typeof asked.model === "string" && Array.isArray(asked.messages) ? (asked as Asked) : undefined;
  } catch {
    return undefined;
  }
}

function refuse(response: ServerResponse, status: number, message: string): void {
  json(response, status, { error: { message, type: "invalid_request_error", param: null, code: null } });
}

function json(response: ServerResponse, status: number, body: unknown): void {
  response.writeHead(status, { "Content-Type": "application/json", "Cache-Control": "no-store" });
  response.end(JSON.stringify(body));
}

/**
 * On the page's own origin, in dev and in preview:
 *
 * - `POST /v1/chat/completions` see ModelServer
 * - `GET /model-log` every request remembered; with `?prompt=` it answers once the last of that prompt is over
 */
export function modelEndpoint(): Plugin {
  const models = new ModelServer();
  const log = async (prompt: string | null, response: ServerResponse) => {
    const record = prompt === null ? models.list() : await models.ended(prompt);
    json(response, record ? 200 : 404, record ?? { error: "no request had that prompt" });
  };
  const middleware: Connect.NextHandleFunction = (request, response, next) => {
    const { pathname, searchParams } = new URL(request.url ?? "/", "http://localhost");
    if (request.method === "POST" && pathname === "/v1/chat/completions") {
      models.complete(request, response).catch(next);
    } else if (request.method === "GET" && pathname === "/model-log") {
      log(searchParams.get("prompt"), response).catch(next);
    } else next();
  };
  return {
    name: "model-endpoint",
    configureServer: ({ middlewares }) => void middlewares.use(middleware),
    configurePreviewServer: ({ middlewares }) => void middlewares.use(middleware),
  };
}
