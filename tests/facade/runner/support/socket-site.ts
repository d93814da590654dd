import { once } from "node:events";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { join } from "node:path";
import type { Plugin } from "vite";
import { type WebSocket, WebSocketServer } from "ws";
import { packed } from "../../../shared/support/packed.mjs";

const RUNNER = join(packed, "node_modules/jobgate/dist/runner.js");

interface Held {
  readonly id: string;
  progress(percent: number, message?: string): void;
  resolve(result: unknown): void;
  reject(error: unknown): void;
}

/** A runner on a server, which pages reach over WebSockets; the test says when it is there. */
class Room {
  // biome-ignore lint/suspicious/noExplicitAny: the package as packed, which a build has to find without.
  private readonly runner: any;
  private readonly held: Held[] = [];
  private readonly sockets = new WebSocketServer({ noServer: true });
  /** Its port stays its own also while nobody is there: another would take one that is given back. */
  private readonly server = createServer();
  private isAway = false;
  /** Of what the runner says, nothing gets through. */
  private isMute = false;
  /** Sockets opened so far, and what the runner has heard. */
  private opened = 0;
  private readonly heard: string[] = [];

  // biome-ignore lint/suspicious/noExplicitAny: likewise.
  constructor({ JobRunner }: any) {
    const { held } = this;
    const type = (name: string, isDeaf: boolean) => ({
      name,
      description: "Waits for the test",
      params: [{ name: "label", type: "string", default: "" }],
      execute: (
        _: unknown,
        { id, progress, signal }: { id: string; progress: Held["progress"]; signal: AbortSignal },
      ) =>
        new Promise((resolve, reject) => {
          if (!isDeaf) signal.addEventListener("abort", () => reject(signal.reason));
          held.push({ id, progress, resolve, reject });
        }),
    });
    this.runner = new JobRunner({ types: [type("held", false), type("deaf", true)] });
  }

  async open(): Promise<{ url: string }> {
    const { sockets, server } = this;
    server.on("upgrade", (request, socket, head) => {
      if (this.isAway) return socket.destroy();
      sockets.handleUpgrade(request, socket, head, (socket) => this.serve(socket));
    });
    server.listen(0, "127.0.0.1");
    await once(server, "listening");
    return { url: `ws://127.0.0.1:${(server.address() as AddressInfo).port}` };
  }

  private serve(socket: WebSocket): void {
    this.opened += 1;
    const { heard } = this;
    this.runner.serve({
      send: (data: string) => this.isMute || socket.send(data),
      addEventListener: (type: "message", listener: (event: { data: unknown }) => void) =>
        socket.addEventListener(type, listener),
      removeEventListener: (type: "message", listener: (event: { data: unknown }) => void) =>
        socket.removeEventListener(type, listener),
      get readyState() {
        return socket.readyState;
      },
      get bufferedAmount() {
        return socket.bufferedAmount;
      },
    });
    socket.on("message", (data) => {
      const { type } = JSON.parse(String(data));
      heard.push(type);
      this.told();
    });
  }

  private told = () => {};

  /** Resolves once that many messages of the type have been heard. */
  private async hears(type: string, count: number): Promise<void> {
    while (this.heard.filter((one) => one === type).length < count) {
      await new Promise<void>((resolve) => {
        this.told = resolve;
      });
    }
  }

  private drop(): void {
    for (const socket of this.sockets.clients) socket.terminate();
  }

  private away(): void {
    this.isAway = true;
    this.drop();
  }

  private held1(id: string): Held {
    const found = this.held.find((one) => one.id === id) ?? this.held.at(-1);
    if (found === undefined) throw new Error("no body runs");
    return found;
  }

  // biome-ignore lint/suspicious/noExplicitAny: what a test asks for, by name.
  async ask({ command, ...given }: any): Promise<unknown> {
    const { runner } = this;
    switch (command) {
      case "drop":
        return this.drop();
      case "away":
        return this.away();
      case "back":
        this.isAway = false;
        return undefined;
      case "mute":
        this.isMute = given.isMute;
        return undefined;
      case "hears":
        return this.hears(given.type, given.count);
      case "opened":
        return this.opened;
      case "create":
        return runner.createJob(given.type, given.params, given.options);
      case "cancel":
        return runner.cancelJob(given.id, given.reason);
      case "jobs":
        return runner.getAllJobs();
      case "progress":
        return this.held1(given.id).progress(given.percent, given.message);
      case "resolve":
        return this.held1(given.id).resolve(given.value);
      case "reject":
        return this.held1(given.id).reject(Object.assign(new Error(given.message), given.error));
      case "close":
        this.away();
        this.server.close();
        return runner.close();
      default:
        throw new Error(`no command ${command}`);
    }
  }
}

/**
 * Runners on a server of their own each: POST /socket-site/open answers with the room and its address, POST
 * /socket-site/<room> with what comes of the command.
 */
export function socketSite(): Plugin {
  const rooms: Room[] = [];
  return {
    name: "socket-site",
    configureServer: ({ middlewares }) => {
      middlewares.use("/socket-site", async (request, response) => {
        try {
          let text = "";
          for await (const part of request) text += part;
          const room = request.url?.slice(1) ?? "";
          let answer: unknown;
          if (room === "open") {
            const made = new Room(await import(RUNNER));
            answer = { room: rooms.push(made) - 1, ...(await made.open()) };
          } else answer = await rooms[Number(room)]!.ask(JSON.parse(text));
          response.setHeader("Content-Type", "application/json");
          response.end(JSON.stringify(answer ?? null));
        } catch (error) {
          response.statusCode = 500;
          response.end(String(error));
        }
      });
    },
  };
}
