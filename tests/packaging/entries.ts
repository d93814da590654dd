/** An entry of the package, and a program that does a real job with it. A new entry is one row here. */
export interface Entry {
  readonly entry: string;
  /** A module under `consumers/programs` that exports `outcome`, a promise of text. */
  readonly program: string;
  readonly outcome: string;
  /** Works in pages only, not in workers or Node. */
  readonly pageOnly?: boolean;
  /** Text that is in a bundle of this entry and in none of "jobgate" alone. */
  readonly mark?: string;
}

export const entries: readonly Entry[] = [
  { entry: "jobgate", program: "main.js", outcome: "Normal 42" },
  { entry: "jobgate/runner", program: "runner.js", outcome: "completed, 25 primes, one engine", mark: "queue_state" },
  { entry: "jobgate/shared", program: "shared.js", outcome: "completed, 25 primes", mark: "E_CRASH_LOOP" },
  {
    entry: "jobgate/service-worker",
    program: "service-worker.js",
    outcome: "serves where it can",
    mark: "serveJobs is for service workers",
  },
  {
    entry: "jobgate/queue-client",
    program: "queue-client.js",
    outcome: "connected, seconds: must be an integer",
    mark: "get_state",
  },
  {
    entry: "jobgate/agents",
    program: "agents.js",
    outcome: "Normal: user hello, assistant good morning, one engine",
    mark: "getToolConfirmation",
  },
  {
    entry: "jobgate/testing",
    program: "testing.js",
    outcome: "completed after 60000 ms, 50 % without a manager",
    mark: "Another test clock keeps the time",
  },
  {
    entry: "jobgate/react",
    program: "react.js",
    outcome: "shown as completed 42",
    pageOnly: true,
    mark: "useSyncExternalStore",
  },
];

/** What the pool's page comes to. Not a row: a bundler either takes the package's worker along, or is given a file. */
export const poolOutcome = { "jobgate/worker-pool": "Normal 25, 1 worker, one engine" };

const outcomesOf = (list: readonly Entry[]) => Object.fromEntries(list.map(({ entry, outcome }) => [entry, outcome]));

const anywhere = entries.filter(({ pageOnly }) => !pageOnly);

/** What `whole.js` comes to in a page, and `anywhere.js` wherever it runs. */
export const inPages = outcomesOf(entries);
export const inAnything = outcomesOf(anywhere);

/** A module that runs the programs, and exports the promise of what each came to. */
function running(list: readonly Entry[]): string {
  const imports = list.map(({ program }, at) => `import { outcome as outcome${at} } from "./programs/${program}";`);
  const outcomes = list.map(({ entry }, at) => `  ${JSON.stringify(entry)}: await outcome${at}.catch(String),`);
  return [...imports, "export const outcomes = (async () => ({", ...outcomes, "}))();", ""].join("\n");
}

export const modules = { "whole.js": running(entries), "anywhere.js": running(anywhere) };

/** Text that is in none of the bundles of "jobgate" alone. */
export const marks = [
  ...entries.flatMap(({ mark }) => mark ?? []),
  "The worker pool was closed",
  "The page has not sent",
];
