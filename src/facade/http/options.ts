import { checkFlag, checkNumber, checkObject, checkString, needFunction } from "../support/check.js";

export interface HandlerOptions {
  /**
   * The path that all routes begin with.
   * @default "/api"
   */
  base?: string;
  /**
   * Pages of these origins may ask, besides those of the handler's own; "*": of all, then without credentials. A request
   * of another is refused with 403.
   * @default none
   */
  cors?: {
    origin: string | readonly string[] | ((origin: string) => boolean);
    /** Whether they may send cookies; default false. */
    credentials?: boolean;
  };
  /**
   * Asked before anything else; what is not true is answered with 403. A preflight is not asked for: it has no
   * credentials. The request's body is not to be read: what is needed of it is in `request.clone()`. What it throws is
   * told to the console, and answered with 500.
   */
  authorize?(request: Request): boolean | Promise<boolean>;
  /**
   * Milliseconds between the comments that keep a stream open; at least 1, or Infinity.
   * @default 15_000
   */
  keepAlive?: number;
}

export interface CheckedOptions {
  /** Without a slash at its end; empty for the root. */
  readonly base: string;
  readonly allows: ((origin: string) => boolean) | "*" | undefined;
  readonly credentials: boolean;
  readonly authorize: ((request: Request) => unknown) | undefined;
  readonly keepAlive: number;
}

/** Read once, whole. */
export function checkHandlerOptions(options: HandlerOptions): CheckedOptions {
  checkObject("options", options);
  const { base, cors, authorize, keepAlive } = options;
  if (authorize !== undefined) needFunction("authorize", authorize);
  const interval = checkNumber("keepAlive", keepAlive, 15_000);
  if (!(interval >= 1)) throw new RangeError(`keepAlive must be at least 1, or Infinity, got ${interval}`);
  return {
    base: checkBase(checkString("base", base) ?? "/api"),
    ...checkCors(cors),
    authorize: authorize && ((request) => authorize.call(options, request)),
    keepAlive: interval,
  };
}

function checkBase(base: string): string {
  if (!/^(?:\/[^/?#\\][^?#\\]*|\/?)$/.test(base)) {
    throw new RangeError(`base must be a path that begins with "/", got "${base}"`);
  }
  // As requests have it: what is no ASCII is encoded.
  return new URL(`http://localhost${base}`).pathname.replace(/\/+$/, "");
}

function checkCors(cors: HandlerOptions["cors"]): Pick<CheckedOptions, "allows" | "credentials"> {
  checkObject("cors", cors);
  if (cors === undefined) return { allows: undefined, credentials: false };
  const { origin, credentials: given } = cors;
  const credentials = checkFlag("cors.credentials", given);
  if (typeof origin === "function") return { allows: (asking) => origin(asking), credentials };
  const list = typeof origin === "string" ? [origin] : Array.isArray(origin) ? [...origin] : undefined;
  if (list?.every((one) => typeof one === "string") !== true) {
    throw new TypeError("cors.origin must be a string, a list of strings, or a function");
  }
  for (const one of list) {
    if (one !== "*" && one !== "null" && originOf(one) !== one) {
      throw new RangeError(`cors.origin must be an origin like "https://app.example", got "${one}"`);
    }
  }
  if (!list.includes("*")) return { allows: (asking) => list.includes(asking), credentials };
  if (credentials) throw new RangeError('cors.origin must name the origins, not "*", where credentials are allowed');
  return { allows: "*", credentials };
}

function originOf(text: string): string | undefined {
  try {
    return new URL(text).origin;
  } catch {
    return undefined;
  }
}
