import type { IncomingMessage } from "node:http";
import type { Duplex } from "node:stream";
import type { WebSocketServer } from "ws";
import { refusal } from "../../http/answers.js";
import { handlerOf, type JobHandler } from "../../http/handler.js";
import type { HandledQueue } from "../../http/queue.js";
import { asyncDispose } from "../../job/completion.js";
import { RunnerError } from "../../runner/errors.js";
import { needPort } from "../../runner/port.js";
import { Quota } from "../../runner/quota.js";
import { PortSession } from "../../runner/session.js";
import type { JobQueue, QueueCreateOptions, QueuePort } from "../../runner/types.js";
import { randomName } from "../../support/random-name.js";
import { clearTimer, setTimer } from "../../support/time.js";
import type { JobRecord, Unsubscribe } from "../../types.js";
import { Follower } from "../follow.js";
import { couldBeId, needScope, partsOf } from "../names.js";
import { JobStore } from "../store.js";
import { internalError, unwaited, warn } from "../warn.js";
import { InTurn } from "./in-turn.js";
import { Limiter } from "./limiter.js";
import { type CheckedGatewayOptions, checkGatewayOptions } from "./options.js";
import { CLOSE, keepingEarly, SocketPort } from "./ports.js";
import { Scope } from "./scope.js";
import type { Action, GatewayOptions } from "./types.js";
import { refuseUpgrade, requestOf } from "./upgrade.js";
import { type ScopeView, viewOf } from "./view.js";

/**
 * Milliseconds for which Redis may be away before pages are sent away; between two looks at all sockets; after which a
 * scope that nobody asks for is let go of.
 */
const PATIENCE = 1000;
const PROBE_EVERY = 30_000;
const IDLE = 60_000;
/** For which a page may say first what it knows already. */
const GREETING = 200;
const INSTANCE_LENGTH = 12;
/** Changes on their way to the store. */
const AT_ONCE = 100;
const CLOSED = "The gateway was closed";

interface Known {
  readonly scope: Scope;
  readonly limiter: Limiter;
}

/**
 * Speaks to pages: the queue protocol over WebSockets and other ports, REST and server-sent events. Any number side by
 * side; each page may be at any of them, and all show the same jobs in the same order. Every method works detached.
 */
export class QueueGateway<User = unknown> {
  /** Once Redis answers. Rejects where it can't be used; where it is away, it is waited for. */
  readonly ready: Promise<void>;
  private readonly options: CheckedGatewayOptions<User>;
  private readonly store: JobStore;
  private readonly follower: Follower;
  private readonly handler: JobHandler;
  private readonly scopes = new Map<string, Known>();
  private readonly sessions = new Set<PortSession>();
  private readonly sockets = new Map<SocketPort, PortSession>();
  private readonly turn = new InTurn(AT_ONCE);
  private readonly server: Promise<WebSocketServer>;
  private isConnected = true;
  private awayTimer: unknown = undefined;
  /** Redis has just gone, and pages have not been told yet. */
  private setAway: (() => void) | undefined = undefined;
  private readonly probing: ReturnType<typeof setInterval>;
  private closing: Promise<void> | undefined = undefined;

  /** Throws TypeError or RangeError for options that are wrong. */
  constructor(options: GatewayOptions<User>) {
    const checked = checkGatewayOptions(options);
    this.options = checked;
    for (const name of ["queue", "serve", "fetch", "upgrade", "close"] as const) {
      Object.defineProperty(this, name, { value: this[name].bind(this), configurable: true, writable: true });
    }
    const cors = { origin: checked.origins, credentials: true };
    this.handler = handlerOf((request) => this.queueFor(request), { cors });
    this.store = new JobStore(checked.connect, checked.queue);
    this.follower = new Follower(checked.connect, checked.queue, {
      control: (message) => {
        if (message.type === "log") this.logged(message);
        else this.note(message.id);
      },
      event: ({ event, jobId }) => this.note(jobId, event === "progress"),
      missed: () => {
        for (const { scope } of this.scopes.values()) scope.noteAll();
      },
      connected: (isConnected) => this.setConnected(isConnected),
    });
    this.ready = Promise.all([this.store.ready, this.follower.ready]).then(() => {});
    this.ready.catch(() => {});
    // The first page waits for nothing that could have been loaded before.
    this.server = this.makeServer();
    this.server.catch(() => {});
    this.probing = setInterval(() => this.probe(), PROBE_EVERY);
    this.probing.unref();
  }

  /**
   * The whole of one scope as a JobQueue, for server code (a cron, a route of its own): nobody is asked whether it may.
   * `createJob` takes an `id`: the same again, while known, is the record that stands. The scope is kept in step until the
   * gateway is closed; what it holds can be read once `connected`.
   */
  queue(scope: string): JobQueue & {
    createJob(type: string, params?: Record<string, unknown>, options?: QueueCreateOptions): Promise<JobRecord>;
  } {
    const { scope: known } = this.known(needScope(scope));
    known.isHeld = true;
    return this.view(known, undefined);
  }

  /**
   * Speaks the queue protocol to whatever is at the port's other end, as the user. Ends when the port closes, or by the
   * function returned. Throws what `scope` throws.
   */
  serve(port: QueuePort, user: User): Unsubscribe {
    needPort(port);
    const name = this.scopeOf(user);
    this.known(name);
    const early = keepingEarly(port);
    let isOver = false;
    let session: PortSession | undefined;
    const begin = async () => {
      while (!isOver) {
        // Anew each time, since one that nobody watches for long is let go of; it looks for the store at its own pace.
        const { scope } = this.known(name);
        const isLoaded = await scope.loaded().then(
          () => true,
          () => false,
        );
        if (!isLoaded) continue;
        if (!isOver && this.closing === undefined) session = this.open(early.port, scope, user, {});
        return;
      }
    };
    // A gateway that is closed serves nobody.
    const settled = begin().catch(() => {});
    void settled.then(() => session === undefined && early.leave());
    return () => {
      isOver = true;
      early.leave();
      session?.leave("The gateway no longer serves this port");
    };
  }

  /**
   * The routes of `jobHandler` under /api, of the user's scope; 404 for what is none of them. Pages of `origins` may ask,
   * with cookies. 401 where `authorize` knows nobody, 403 where `may` or the origin says no, 429 for too many, 503 where
   * the store does not answer. Never rejects.
   */
  async fetch(request: Request): Promise<Response> {
    return this.handler(request) ?? refusal(404, "Not found");
  }

  /**
   * For a Node server's "upgrade" event. Answered with 401, 403 (an origin that is not in `origins`; without one, as
   * programs ask, it is no page's) or 503 where it can't be served.
   */
  upgrade(request: IncomingMessage, socket: Duplex, head: Buffer): void {
    const ignore = () => {};
    socket.on("error", ignore);
    void this.accept(request, socket, head).then(
      (refused) => refused !== undefined && refuseUpgrade(socket, refused),
      () => refuseUpgrade(socket, 500),
    );
  }

  /** Ends sockets with 1001, so that pages go to another gateway; jobs go on. Resolves when all connections have ended. */
  close(): Promise<void> {
    this.closing ??= this.end();
    return this.closing;
  }

  get [asyncDispose](): () => Promise<void> {
    return this.close;
  }

  private async end(): Promise<void> {
    clearInterval(this.probing);
    clearTimer(this.awayTimer);
    this.dismiss(CLOSE.goingAway, CLOSED);
    for (const session of [...this.sessions]) session.leave(CLOSED);
    for (const { scope } of this.scopes.values()) scope.close();
    const server = await this.server.catch(() => undefined);
    if (server !== undefined) {
      const { clients } = server;
      const gone = Promise.all(
        Array.from(clients, (client) => new Promise((resolve) => client.once("close", resolve))),
      );
      const timer = setTimer(() => {
        for (const client of clients) client.terminate();
      }, PATIENCE);
      await gone;
      clearTimer(timer);
      server.close();
    }
    this.follower.close();
    await this.store.close();
  }

  // ── who asks ────────────────────────────────────────────────────────────────────────────────────

  private known(name: string): Known {
    if (this.closing !== undefined) throw new RunnerError(CLOSED, "E_CLOSED");
    let known = this.scopes.get(name);
    if (known === undefined) {
      const scope = new Scope(this.store, name, randomName(INSTANCE_LENGTH));
      scope.setConnected(this.isConnected);
      known = { scope, limiter: new Limiter(this.options.rateLimit) };
      this.scopes.set(name, known);
    }
    known.scope.idleSince = Date.now();
    return known;
  }

  private scopeOf(user: User): string {
    return needScope(unwaited(this.options.scopeOf(user)));
  }

  /** Undefined: nobody who may. */
  private async whoAsks(request: Request): Promise<{ readonly user: User; readonly name: string } | undefined> {
    try {
      const user = await this.options.authorize(request);
      if (user === undefined || user === null || user === false || user === "") return undefined;
      return { user: user as User, name: this.scopeOf(user as User) };
    } catch (error) {
      throw failed(error);
    }
  }

  private view(scope: Scope, user: { readonly is: User } | undefined): ScopeView {
    const { types, bounds, may } = this.options;
    const asked =
      may &&
      user &&
      ((action: Action, job: JobRecord) => {
        try {
          return unwaited(may(user.is, action, job));
        } catch (error) {
          throw failed(error);
        }
      });
    return viewOf({ scope, store: this.store, types, bounds, turn: this.turn, may: asked });
  }

  private async queueFor(request: Request): Promise<HandledQueue | Response> {
    const who = await this.whoAsks(request);
    if (who === undefined) return refusal(401, "Who asks is not known");
    const { scope, limiter } = this.known(who.name);
    if (!limiter.take()) return refusal(429, "Too many requests", undefined, { "Retry-After": "1" });
    await scope.loaded();
    const queue = this.view(scope, { is: who.user });
    // Another gateway may have answered with it before this one has heard of it.
    const getJob = async (id: string) => {
      if (queue.getJob(id) === undefined && couldBeId(id)) await scope.refresh(id);
      return queue.getJob(id);
    };
    return { ...queue, getJob };
  }

  /** A status where it is refused. */
  private async accept(incoming: IncomingMessage, socket: Duplex, head: Buffer): Promise<number | undefined> {
    const { origin } = incoming.headers;
    if (origin !== undefined && !this.options.origins.includes(origin)) return 403;
    const request = requestOf(incoming);
    if (request === undefined) return 400;
    if (this.closing !== undefined || !this.isConnected) return 503;
    const who = await this.whoAsks(request);
    if (who === undefined) return 401;
    const { user, name } = who;
    let scope: Scope;
    try {
      ({ scope } = this.known(name));
      await scope.loaded();
    } catch {
      return 503;
    }
    const server = await this.server;
    if (this.closing !== undefined) return 503;
    server.handleUpgrade(incoming, socket, head, (client) => {
      const port = new SocketPort(client, socket, this.options.rateLimit);
      const away = () => {
        this.setAway?.();
        port.close(CLOSE.tryAgain, "The store of the queue does not answer");
        return true;
      };
      const session = this.open(port, scope, user, { away, end: () => this.sockets.delete(port) });
      this.sockets.set(port, session);
    });
    return undefined;
  }

  private async makeServer(): Promise<WebSocketServer> {
    const { WebSocketServer } = await import("ws");
    return new WebSocketServer({ noServer: true, maxPayload: this.options.maxMessage, perMessageDeflate: false });
  }

  private open(port: QueuePort, scope: Scope, user: User, hooks: { away?(): boolean; end?(): void }): PortSession {
    const session: PortSession = new PortSession(this.view(scope, { is: user }), port, scope, new Quota(Infinity), {
      patience: GREETING,
      ...(hooks.away !== undefined && { away: hooks.away }),
      end: () => {
        this.sessions.delete(session);
        scope.idleSince = Date.now();
        hooks.end?.();
      },
    });
    this.sessions.add(session);
    session.begin();
    return session;
  }

  // ── what happens ────────────────────────────────────────────────────────────────────────────────

  private note(stored: string | undefined, isProgress = false): void {
    const parts = stored === undefined ? undefined : partsOf(stored);
    const scope = parts && this.scopes.get(parts.scope)?.scope;
    if (isProgress) scope?.noteProgress(stored!);
    else scope?.note(stored!);
  }

  private logged({ id, message, at }: { readonly id: string; readonly message: string; readonly at: string }): void {
    const parts = partsOf(id);
    if (parts !== undefined) this.scopes.get(parts.scope)?.scope.logged(parts.id, message, Number(at));
  }

  private setConnected(isConnected: boolean): void {
    // Of one that is gone each attempt to reach it says so again.
    if (!isConnected && (this.setAway !== undefined || !this.isConnected)) return;
    clearTimer(this.awayTimer);
    this.setAway = undefined;
    const set = () => {
      this.setAway = undefined;
      this.isConnected = isConnected;
      for (const { scope } of this.scopes.values()) scope.setConnected(isConnected);
      if (!isConnected) this.dismiss(CLOSE.tryAgain, "The store of the queue does not answer");
    };
    if (!isConnected) {
      this.setAway = set;
      this.awayTimer = setTimer(set, PATIENCE);
    } else if (this.isConnected) for (const { scope } of this.scopes.values()) scope.noteAll();
    else set();
  }

  /** Pages come back, here or elsewhere. */
  private dismiss(code: number, reason: string): void {
    for (const [port, session] of [...this.sockets]) {
      session.end();
      port.close(code, reason);
    }
  }

  private probe(): void {
    for (const port of this.sockets.keys()) port.probe();
    for (const [name, { scope }] of this.scopes) {
      if (scope.isWatched || Date.now() - scope.idleSince < IDLE) continue;
      scope.close();
      this.scopes.delete(name);
    }
  }
}

/** By a function of whoever runs the gateway: what has gone wrong in it is for him to know. */
function failed(error: unknown): Error {
  warn(error);
  return internalError(error);
}
