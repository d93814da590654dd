/** Every trap of a proxy throws. */
const TRAPS = [
  "apply",
  "construct",
  "defineProperty",
  "deleteProperty",
  "get",
  "getOwnPropertyDescriptor",
  "getPrototypeOf",
  "has",
  "isExtensible",
  "ownKeys",
  "preventExtensions",
  "set",
  "setPrototypeOf",
] as const;

export type Trap = (typeof TRAPS)[number];
export const traps: readonly Trap[] = TRAPS;

/** What the traps and getters throw: an error that can be read. */
export class Hostile extends Error {
  override readonly name = "Hostile";
}

export function throwingProxy(target: object = {}, throwing: readonly Trap[] = TRAPS): object {
  const handler = Object.fromEntries(
    throwing.map((trap) => [
      trap,
      () => {
        throw new Hostile(`the ${trap} trap`);
      },
    ]),
  );
  return new Proxy(target, handler);
}

export function revokedProxy(target: object = {}): object {
  const { proxy, revoke } = Proxy.revocable(target, {});
  revoke();
  return proxy;
}

/** An object whose getters of these names throw. */
export function throwingGetters(...names: readonly PropertyKey[]): object {
  const made = {};
  for (const name of names) {
    Object.defineProperty(made, name, {
      enumerable: true,
      get() {
        throw new Hostile(`the getter of ${String(name)}`);
      },
    });
  }
  return made;
}

/** Objects that throw when they are looked at, by what is wrong with them. */
export const unreadable: Readonly<Record<string, () => object>> = {
  "a proxy whose every trap throws": () => throwingProxy(),
  "a revoked proxy": () => revokedProxy(),
  "an object whose getters of everything that is looked for throw": () =>
    throwingGetters("message", "name", "code", "stack", "cause", "stop", "onStopped", "toString", Symbol.toPrimitive),
  "an object without a prototype": () => Object.create(null),
  "an object whose toString gives a symbol": () => ({ toString: () => Symbol("no text") }),
  "an object that says what it is in a getter that throws": () => throwingGetters("toString", Symbol.toStringTag),
};
