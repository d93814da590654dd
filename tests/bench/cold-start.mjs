/** Case 9: from the start of the import to the end of the first job, each time in a fresh process or page. */
import { summary } from "./statistics.mjs";

const NAMES = [
  "js-min",
  "js-full",
  "jobgate",
  "p-queue",
  "p-limit",
  "fastq",
  "bottleneck",
  "pacer",
  "effect",
  "rxjs",
  "xstate",
];

export async function runColdStart(environment, { quick, only }) {
  const names = only ? NAMES.filter((name) => only.includes(name)) : NAMES;
  const rounds = quick ? 1 : 15;
  const times = Object.fromEntries(names.map((name) => [name, []]));
  for (let round = 0; round < rounds; round++) {
    for (let place = 0; place < names.length; place++) {
      const name = names[(place + round) % names.length];
      times[name].push(await environment.coldStart(name));
    }
  }
  const contenders = {};
  for (const [name, values] of Object.entries(times)) {
    contenders[name] = { ...summary(values), rounds, to: {} };
    for (const base of ["js-full", "js-min", "jobgate"]) {
      if (times[base]) contenders[name].to[base] = summary(values.map((value, round) => value / times[base][round]));
    }
  }
  return {
    title: "Cold: import and first job",
    notes: [
      "Each contender is bundled by itself and minified, as an app would be; Chromium fetches it from a server on the same machine, without a cache.",
      "js-min and js-full here are what is left when nothing has to be loaded.",
    ],
    columns: { "import to first job done": { unit: "ms", contenders } },
  };
}
