import { type ExecFileOptions, execFile } from "node:child_process";
import { cpSync, mkdirSync, mkdtempSync, realpathSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll } from "vitest";
import { modules } from "../entries.ts";

export const root = join(import.meta.dirname, "../../..");
export const tarball = join(root, "build/jobgate.tgz");
/** Where the bundlers and frameworks are installed, once for all consumers. */
export const bundlers = join(root, "tests/packaging/bundlers");

export interface Ended {
  readonly code: number;
  readonly output: string;
}

/** Runs a program to its end; its output is what it wrote to both streams. */
export function execute(program: string, args: readonly string[], options: ExecFileOptions = {}): Promise<Ended> {
  return new Promise((resolve) => {
    execFile(program, args, { timeout: 150_000, ...options, encoding: "utf8" }, (error, stdout, stderr) => {
      const code = error === null ? 0 : typeof error.code === "number" ? error.code : 1;
      resolve({ code, output: `${stdout}${stderr}` });
    });
  });
}

/** Runs one of this project's tools. */
export const tool = (name: string, args: readonly string[], cwd: string = root): Promise<Ended> =>
  execute(join(root, "node_modules/.bin", name), args, { cwd, env: { ...process.env, NO_COLOR: "1" } });

interface ConsumerOptions {
  readonly inBundlers?: boolean;
  readonly withReact?: boolean;
}

/**
 * A new folder with the files of `consumers/<name>`, the programs, and nothing installed but the tarball. It is outside
 * the project, or in `bundlers` for a consumer that has to find more packages than ours. `withReact`: React too.
 */
export async function installConsumer(name: string, { inBundlers, withReact }: ConsumerOptions = {}): Promise<string> {
  const parent = inBundlers ? join(bundlers, "apps") : realpathSync(tmpdir());
  mkdirSync(parent, { recursive: true });
  const folder = mkdtempSync(join(parent, `jobgate-${name}-`));
  afterAll(() => rmSync(folder, { recursive: true, force: true }));
  const consumers = join(import.meta.dirname, "../consumers");
  cpSync(join(consumers, name), folder, { recursive: true });
  cpSync(join(consumers, "programs"), join(folder, "programs"), { recursive: true });
  for (const [file, text] of Object.entries(modules)) writeFileSync(join(folder, file), text);
  writeFileSync(join(folder, "package.json"), '{ "private": true, "type": "module" }');
  const { code, output } = await execute("npm", ["install", "--offline", tarball], { cwd: folder });
  if (code !== 0) throw new Error(`npm install failed:\n${output}`);
  for (const peer of withReact ? ["react", "react-dom"] : []) {
    symlinkSync(join(bundlers, "node_modules", peer), join(folder, "node_modules", peer), "junction");
  }
  return folder;
}
