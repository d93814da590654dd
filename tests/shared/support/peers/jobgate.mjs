import { SharedRunner } from "jobgate/shared";
import { contend, send } from "./contend.mjs";

const params = [
  { name: "number", type: "number" },
  { name: "text", type: "string" },
];
const types = [{ name: "send", description: "", params, execute: send }];

let runner;

contend({
  async open(works, options) {
    runner = new SharedRunner({ builtins: false, types, execute: works, ...options });
    await runner.ready;
  },
  keep: (piece) => runner.createJob("send", piece),
  kept: () => runner.getQueueStats().pending,
  done: (count) =>
    new Promise((resolve) => {
      const look = () => {
        if (runner.getQueueStats().completed < count) return;
        leave();
        resolve();
      };
      const leave = runner.subscribe(look);
      look();
    }),
});
