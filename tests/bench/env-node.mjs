/** Runs cases in Node: a process for each, and a fresh one for every cold start. */
import { fork } from "node:child_process";
import { fileURLToPath } from "node:url";
import { OUT } from "./bundle.mjs";

const child = fileURLToPath(new URL("node-child.mjs", import.meta.url));
// Collecting garbage between samples must not throw away the code of contenders that wait for their turn.
const FLAGS = ["--expose-gc", "--no-flush-bytecode", "--no-warnings"];

export async function openNode({ profile }) {
  const profiling = profile ? ["--cpu-prof", "--cpu-prof-interval=200", `--cpu-prof-dir=${OUT}/profiles`] : [];
  return {
    version: `Node ${process.versions.node} (V8 ${process.versions.v8})`,
    runCase: (name, options) =>
      ask([...FLAGS, ...profiling], ["case", `${OUT}/node/cases/${name}.js`, JSON.stringify(options)]),
    coldStart: (name) => ask([], ["cold", `${OUT}/node/cold/${name}.js`]),
    close: () => {},
  };
}

function ask(execArgv, args) {
  return new Promise((resolve, reject) => {
    const running = fork(child, args, { execArgv });
    let answer;
    running.on("message", (message) => {
      answer = message;
    });
    running.on("error", reject);
    running.on("exit", (code) => {
      if (code === 0 && answer) resolve(answer.value);
      else reject(new Error(`node ${args[1]} ended with code ${code}`));
    });
  });
}
