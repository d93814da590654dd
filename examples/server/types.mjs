// What jobs there are: the same list in the gateway and in every worker.
import { bodies } from "./bodies.mjs";

const module = new URL("./thread.mjs", import.meta.url);

export const types = [
  {
    name: "countdown",
    description: "Counts seconds",
    params: [{ name: "seconds", type: "integer", min: 1, max: 3600, default: 10 }],
    execute: bodies.countdown,
    module,
  },
  {
    name: "primes",
    description: "Counts the primes below a number",
    params: [{ name: "below", type: "integer", min: 2, max: 100_000_000, default: 3_000_000 }],
    execute: bodies.primes,
    module,
    defaults: { retry: 2 },
  },
];
