// What every script here needs: where the project is, and running a command that fails loudly.
import { spawnSync } from "node:child_process";
import { homedir } from "node:os";
import { delimiter, join } from "node:path";
import { fileURLToPath } from "node:url";

export const root = fileURLToPath(new URL("..", import.meta.url)).replace(/[\\/]$/, "");

// The project's own tools first; last, where `cargo install` puts its tools, which a shell
// opened before Rust was installed does not know yet.
const cargoBin = join(process.env.CARGO_HOME ?? join(homedir(), ".cargo"), "bin");
process.env.PATH = [join(root, "node_modules", ".bin"), process.env.PATH, cargoBin].join(delimiter);

/** Runs a command with our own output and throws if it does not end well, or not within `minutes`. */
export function run(command, args = [], { env, cwd = root, minutes } = {}) {
  console.log(`$ ${[command, ...args].join(" ")}`);
  const { status, signal, error } = spawnSync(command, args, {
    cwd,
    env: { ...process.env, ...env },
    stdio: "inherit",
    timeout: minutes && minutes * 60_000,
    killSignal: "SIGKILL",
  });
  if (error?.code === "ETIMEDOUT")
    throw new Error(`${command} ${args.join(" ")} had not ended after ${minutes} minutes`);
  if (error) throw new Error(`${command} could not be started: ${error.message}`);
  if (status !== 0) throw new Error(`${command} ended with ${signal ?? `code ${status}`}`);
}

/** What a command prints, trimmed; undefined if it is missing or fails. */
export function output(command, args = []) {
  const { status, stdout } = spawnSync(command, args, { cwd: root, encoding: "utf8" });
  return status === 0 ? stdout.trim() : undefined;
}

/** Runs a script's main function; a failure is one plain line and a non-zero code. */
export async function main(work) {
  try {
    await work();
  } catch (error) {
    console.error(`\n✗ ${error.message}`);
    process.exitCode = 1;
  }
}
