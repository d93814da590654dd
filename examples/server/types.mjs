// What jobs there are, wherever they run: a page imports this list, and so does the server.
import { bodies } from "./bodies.mjs";

/** @type {import("jobgate/runner").JobType[]} */
export const types = [
  {
    name: "report",
    description: "Writes a report page by page, and a log as it goes",
    params: [
      {
        name: "title",
        type: "string",
        description: "What stands on it",
        min: 1,
        max: 80,
        default: "Quarterly figures",
      },
      { name: "pages", type: "integer", description: "How many", min: 1, max: 500, default: 40 },
      { name: "style", type: "string", description: "How much of it", enum: ["brief", "full"], default: "brief" },
      { name: "appendix", type: "boolean", description: "With the sources at the end", default: false },
    ],
    execute: bodies.report,
  },
  {
    name: "flaky",
    description: "Fails on its first attempts: shows how retries go",
    params: [
      { name: "service", type: "string", description: "Who is asked", min: 1, max: 80, default: "The service" },
      { name: "failures", type: "integer", description: "Attempts that fail", min: 0, max: 10, default: 2 },
      { name: "seconds", type: "number", description: "How long an attempt takes", min: 0, max: 30, default: 1.5 },
    ],
    execute: bodies.flaky,
  },
  {
    name: "pi",
    description: "Estimates π by throwing darts, letting others have a turn",
    params: [
      { name: "darts", type: "integer", description: "How many", min: 1000, max: 1e9, default: 50_000_000 },
      {
        name: "seed",
        type: "integer",
        description: "The same seed, the same darts",
        min: 1,
        max: 4294967295,
        default: 1,
      },
    ],
    execute: bodies.pi,
  },
  {
    name: "sieve",
    description: "Counts the primes up to a limit, in a worker: the page stays smooth",
    params: [{ name: "limit", type: "integer", description: "Up to where", min: 2, max: 1e9, default: 200_000_000 }],
    execute: bodies.sieve,
  },
  {
    name: "stubborn",
    description: "Ignores its signal: cancel it, and it is killed with its worker",
    params: [
      { name: "seconds", type: "integer", description: "How long if nobody kills it", min: 1, max: 60, default: 30 },
    ],
    execute: bodies.stubborn,
  },
];
