import type { IncomingMessage, ServerResponse } from "node:http";
import { LLMock } from "@copilotkit/aimock";
import type { Plugin } from "vite";

/** How one request is answered. */
export interface Reply {
  readonly status?: number;
  readonly headers?: Readonly<Record<string, string>>;
  /** Latin letters stand for bytes, so that a cut may go through a letter. */
  readonly body?: string;
  /** Where the body is cut into writes; a number: so many bytes each. */
  readonly cuts?: readonly number[] | number;
  /** How often the body is sent, as fast as the other end takes it; default once. */
  readonly repeat?: number;
  /** What comes after the body; default "end". "reset": the connection breaks. "hang": nothing. */
  readonly after?: "end" | "reset" | "hang";
  /** Not even a status is answered. */
  readonly silent?: boolean;
}

/** What was asked, and how many connections the other end has closed before their answer was over. */
export interface Log {
  readonly requests: readonly {
    readonly headers: Record<string, string>;
    readonly body: string;
    readonly query: string;
    readonly at: number;
  }[];
  readonly closed: number;
  /** Which requests' connections those were, counted from 0. */
  readonly cut: readonly number[];
  /** Bytes of bodies that the network has taken. */
  readonly sent: number;
}

interface Plan {
  readonly replies: readonly Reply[];
  readonly log: { requests: Log["requests"][number][]; closed: number; cut: number[]; sent: number };
  readonly waiting: Set<() => void>;
}

async function read(request: IncomingMessage): Promise<string> {
  const parts: Buffer[] = [];
  for await (const part of request) parts.push(part);
  return Buffer.concat(parts).toString();
}

function pieces(body: Buffer, cuts: Reply["cuts"] = []): Buffer[] {
  const size = typeof cuts === "number" ? cuts : 0;
  const at = size > 0 ? Array.from({ length: Math.floor(body.length / size) }, (_, n) => (n + 1) * size) : cuts;
  const bounds = [0, ...(at as readonly number[]), body.length];
  return bounds.slice(1).map((end, index) => body.subarray(bounds[index], end));
}

async function answer(response: ServerResponse, reply: Reply, plan: Plan): Promise<void> {
  const index = plan.log.requests.length - 1;
  response.on("close", () => {
    if (response.writableFinished || reply.after === "reset") return;
    plan.log.closed++;
    plan.log.cut.push(index);
    for (const tell of plan.waiting) tell();
  });
  if (reply.silent) return;
  const { status = 200, headers = { "Content-Type": "text/event-stream" } } = reply;
  response.writeHead(status, headers);
  response.flushHeaders();
  const body = pieces(Buffer.from(reply.body ?? "", "latin1"), reply.cuts);
  for (let round = 0; round < (reply.repeat ?? 1); round++) {
    for (const piece of body) {
      if (response.destroyed) return;
      // One after the other, so that the pieces are not sent as one; a connection that closes takes no more.
      await new Promise<void>((resolve) => {
        const next = () => {
          response.off("close", next);
          setImmediate(resolve);
        };
        response.on("close", next);
        response.write(piece, next);
      });
      plan.log.sent += piece.length;
    }
  }
  if (reply.after === "reset") response.destroy();
  else if (reply.after !== "hang") response.end();
}

/**
 * Models to ask, at /model-site/:
 *   POST plan/NAME                 takes the replies that requests to NAME get, one after the other, the last again and again
 *   POST NAME/chat/completions     one of them
 *   GET  log/NAME?requests=m&closed=n&cut=i   what was asked so far, once there were m requests, the other end has closed n
 *                                  connections, and that of request i
 *   GET  aimock                    the address of a mock of the OpenAI API that is not ours
 */
export function modelSite(): Plugin {
  const plans = new Map<string, Plan>();

  async function handle(request: IncomingMessage, response: ServerResponse, mock: Promise<string>): Promise<void> {
    const { pathname, search, searchParams } = new URL(request.url ?? "/", "http://localhost");
    const [, first = "", second = ""] = pathname.split("/");
    const body = await read(request);
    response.setHeader("Cache-Control", "no-store");
    if (first === "aimock") response.end(await mock);
    else if (first === "plan") {
      plans.set(second, {
        replies: JSON.parse(body),
        log: { requests: [], closed: 0, cut: [], sent: 0 },
        waiting: new Set(),
      });
      response.end();
    } else if (first === "log") {
      const plan = plans.get(second)!;
      const tell = () => {
        if (plan.log.closed < Number(searchParams.get("closed"))) return;
        if (plan.log.requests.length < Number(searchParams.get("requests"))) return;
        const cut = searchParams.get("cut");
        if (cut !== null && !plan.log.cut.includes(Number(cut))) return;
        plan.waiting.delete(tell);
        response.end(JSON.stringify(plan.log));
      };
      plan.waiting.add(tell);
      tell();
    } else {
      const plan = plans.get(first);
      if (plan === undefined) {
        response.statusCode = 404;
        response.end();
        return;
      }
      const reply = plan.replies[plan.log.requests.length] ?? plan.replies.at(-1)!;
      plan.log.requests.push({
        headers: request.headers as Record<string, string>,
        body,
        query: search,
        at: Date.now(),
      });
      for (const tell of plan.waiting) tell();
      await answer(response, reply, plan);
    }
  }

  return {
    name: "model-site",
    configureServer: ({ middlewares, httpServer }) => {
      const mock = new LLMock({ port: 0 });
      mock.onMessage("introduce yourself", { content: "I am a mock — grüß Gott 🦀." }, { chunkSize: 3 });
      const weather = { name: "weather", arguments: JSON.stringify({ city: "Köln" }) };
      mock.on({ userMessage: "weather", hasToolResult: false }, { toolCalls: [weather] }, { chunkSize: 2 });
      mock.on({ userMessage: "weather", hasToolResult: true }, { content: "It rains in Köln." });
      mock.onMessage(
        "break off",
        { content: "This is not the whole answer" },
        { chunkSize: 2, truncateAfterChunks: 4, latency: 30 },
      );
      mock.onMessage("too much", { error: { message: "Slow down", type: "rate_limit_error" }, status: 400 });
      let url: Promise<string> | undefined;
      httpServer?.on("close", () => url?.then(() => mock.stop()));
      middlewares.use("/model-site", (request, response, next) => {
        if (request.url === "/aimock") url ??= mock.start();
        handle(request, response, url ?? Promise.resolve("")).catch(next);
      });
    },
  };
}
