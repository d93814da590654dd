// Values that throw when they are looked at, or never let go of who looks; made anew each time, on the page or in a worker.

const boom = () => {
  throw new Error("you looked");
};

/** An error whose field of this name can't be read. */
const unreadable = (field: string) => () =>
  Object.defineProperty(new Error("an error"), field, { get: boom, configurable: true });

function revoked(target: object): object {
  const { proxy, revoke } = Proxy.revocable(target, {});
  revoke();
  return proxy;
}

const TRAPS = ["get", "has", "ownKeys", "getPrototypeOf", "getOwnPropertyDescriptor", "isExtensible"] as const;
const allTraps = Object.fromEntries(TRAPS.map((trap) => [trap, boom]));

/** Whoever follows its prototypes to their end never comes back. */
function endlessPrototypes(): object {
  const proxy: object = new Proxy({}, { getPrototypeOf: () => proxy });
  return proxy;
}

function prototypesInACircle(): object {
  const target = { call() {} };
  Object.setPrototypeOf(target, new Proxy(target, {}));
  return target;
}

function causeOfItself(): Error {
  const error = new Error("around and around");
  error.cause = error;
  return error;
}

/** Each is in each: taken apart without a bound, eight deep, there are 10 ** 16 of them. */
function errorsInErrors(): AggregateError {
  const error = new AggregateError([], "many times itself");
  error.errors = new Array(100).fill(error);
  return error;
}

const deep = () => {
  let value: object = {};
  for (let depth = 0; depth < 200_000; depth += 1) value = { value };
  return value;
};

export const hostile = {
  "a getter that throws": () => ({
    get field() {
      return boom();
    },
  }),
  "getters of an error's fields": () => ({
    get name() {
      return boom();
    },
    get message() {
      return boom();
    },
    f() {},
  }),
  "toString that throws": () => ({ toString: boom, f() {} }),
  "toString that returns a symbol": () => ({ toString: () => Symbol("no text"), f() {} }),
  "a tag that throws": () => ({
    toString: boom,
    get [Symbol.toStringTag]() {
      return boom();
    },
    f() {},
  }),
  "no prototype": () => Object.assign(Object.create(null), { f() {} }),
  "a revoked proxy": () => revoked({}),
  "a revoked proxy of a function": () => revoked(() => {}),
  "a revoked proxy of an array": () => revoked([]),
  "a revoked proxy of an error": () => revoked(new Error("gone")),
  "a proxy whose traps all throw": () => new Proxy({}, allTraps),
  "a proxy of an error": () => new Proxy(new RangeError("behind a proxy"), {}),
  "a proxy whose prototype throws": () => new Proxy({}, { getPrototypeOf: boom }),
  "a proxy whose keys throw": () => new Proxy({}, { ownKeys: boom }),
  "a proxy whose prototypes never end": endlessPrototypes,
  "prototypes in a circle": prototypesInACircle,
  "an error without a name to read": unreadable("name"),
  "an error without a message to read": unreadable("message"),
  "an error without a stack to read": unreadable("stack"),
  "an error without a cause to read": unreadable("cause"),
  "an error without errors to read": unreadable("errors"),
  "an error without a code to read": unreadable("code"),
  "an error without a constructor": () => Object.assign(new Error("lost"), { constructor: null }),
  "an error named by a symbol": () => Object.assign(new Error("odd"), { name: Symbol("name") }),
  "an error whose message is a revoked proxy": () => Object.assign(new Error(), { message: revoked({}) }),
  "an error whose cause is a revoked proxy": () => new Error("because", { cause: revoked({}) }),
  "an error whose errors are a revoked proxy": () => Object.assign(new Error("those"), { errors: revoked([]) }),
  "an error whose errors are a proxy that throws": () =>
    Object.assign(new Error("those"), { errors: new Proxy([1], { get: boom }) }),
  "an error whose errors are without end": () =>
    Object.assign(new Error("those"), {
      errors: new Proxy([], { get: (_, key) => (key === "length" ? Infinity : 1) }),
    }),
  "an error whose class throws": () => {
    class Odd extends Error {
      static override get name(): string {
        return boom();
      }
    }
    return new Odd("odd");
  },
  "an error that is its own cause": causeOfItself,
  "errors in errors": errorsInErrors,
  "a million errors": () => new AggregateError(new Array(1_000_000).fill(new Error("one of them")), "a million"),
  "too deep to be cloned": deep,
  "a symbol": () => Symbol("alone"),
  "a function": () => () => {},
  "a bigint": () => 10n,
  "nothing at all": () => undefined,
} as const satisfies Record<string, () => unknown>;

export type HostileName = keyof typeof hostile;
export const hostileNames = Object.keys(hostile) as HostileName[];
