import { type ExecFileOptions, execFile } from "node:child_process";
import { cpSync, mkdtempSync, realpathSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll } from "vitest";

export const root = join(import.meta.dirname, "../../..");
export const tarball = join(root, "build/jobgate.tgz");

export interface Ended {
  readonly code: number;
  readonly output: string;
}

/** Runs a program to its end; its output is what it wrote to both streams. */
export function execute(program: string, args: readonly string[], options: ExecFileOptions = {}): Promise<Ended> {
  return new Promise((resolve) => {
    execFile(program, args, { ...options, encoding: "utf8", timeout: 60_000 }, (error, stdout, stderr) => {
      const code = error === null ? 0 : typeof error.code === "number" ? error.code : 1;
      resolve({ code, output: `${stdout}${stderr}` });
    });
  });
}

/** Runs one of this project's tools. */
export const tool = (name: string, args: readonly string[], cwd: string = root): Promise<Ended> =>
  execute(join(root, "node_modules/.bin", name), args, { cwd, env: { ...process.env, NO_COLOR: "1" } });

/** A folder outside the project with the files of `consumers/<name>` and nothing installed but the tarball. */
export async function installConsumer(name: string): Promise<string> {
  const folder = realpathSync(mkdtempSync(join(tmpdir(), `jobgate-${name}-`)));
  afterAll(() => rmSync(folder, { recursive: true, force: true }));
  cpSync(join(import.meta.dirname, "../consumers", name), folder, { recursive: true });
  writeFileSync(join(folder, "package.json"), '{ "private": true, "type": "module" }');
  const { code, output } = await execute("npm", ["install", "--offline", tarball], { cwd: folder });
  if (code !== 0) throw new Error(`npm install failed:\n${output}`);
  return folder;
}
