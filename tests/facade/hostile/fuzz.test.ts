import { inject, it } from "vitest";
import { loadPackage } from "./fuzz/package.js";
import { type Outcome, play, programOf, type Scene, type Step, shrink } from "./fuzz/play.js";
import { catchStrayErrors } from "./support/errors.js";
import { otherRealm } from "./support/realms.js";

/** One engine for so many programs: what one of them broke, the next may notice. */
const PROGRAMS_AN_ENGINE = 50;
/** While a program is made shorter, most tries end at once. */
const LESS_PATIENCE = 500;

const told = (outcome: Outcome) => [...outcome.told, `→ ${outcome.fault}`].join("\n  ");

it("whatever is handed in, those who have nothing to do with it do what they should, and all ends", async () => {
  const { seed: first, programs, patience } = inject("fuzz");
  const scene = { realm: await otherRealm(), stray: catchStrayErrors() };
  const fresh = async (patience: number): Promise<Scene> => ({ ...scene, patience, package: await loadPackage() });
  const again = async (program: readonly Step[]) => play(program, await fresh(LESS_PATIENCE));
  const faults: string[] = [];
  let current = await fresh(patience);
  for (let seed = first; seed < first + programs; seed += 1) {
    if (seed % PROGRAMS_AN_ENGINE === 0) current = await fresh(patience);
    const outcome = await play(programOf(seed), current);
    if (outcome.fault === undefined) continue;
    const least = (await shrink(programOf(seed), again)).outcome;
    const shown = least.fault === undefined ? `(only after the programs before it)\n  ${told(outcome)}` : told(least);
    faults.push(`seed ${seed}: ${shown}`);
    current = await fresh(patience);
  }
  if (faults.length > 0) throw new Error(`${faults.length} of ${programs} programs\n\n${faults.join("\n\n")}`);
}, 3_600_000);
