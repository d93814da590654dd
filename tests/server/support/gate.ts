import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { onTestFinished } from "vitest";

/** A file that bodies wait for, in whichever process they run: there once the test opens it. */
export function newGate(): { readonly file: string; open(): void } {
  const folder = mkdtempSync(join(tmpdir(), "jobgate-gate-"));
  onTestFinished(() => rmSync(folder, { recursive: true }));
  const file = join(folder, "open");
  return { file, open: () => writeFileSync(file, "") };
}
