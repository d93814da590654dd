// A reporter for Vitest: which places of the facade each test file reaches, and how long it takes, a line of JSON a file.
// The files have to run one after the other.

import { once } from "node:events";
import { appendFileSync } from "node:fs";
import { createServer } from "node:http";
import { activate, told } from "./active.mjs";

const { COVERAGE_FILE, COVERAGE_STATE, JOBGATE_PACKED } = process.env;

export default class Coverage {
  reached = new Set();

  async onInit() {
    const server = createServer(async (request, response) => {
      const parts = await request.toArray();
      for (const id of Buffer.concat(parts).toString().split(",")) this.reached.add(Number(id));
      response.end();
    });
    server.listen(0, "127.0.0.1").unref();
    await once(server, "listening");
    activate(JOBGATE_PACKED, told(`http://127.0.0.1:${server.address().port}`));
  }

  onTestModuleQueued() {
    this.reached = new Set();
  }

  onTestModuleEnd(module) {
    const lengths = [...module.children.allTests()].map((test) => test.diagnostic()?.duration ?? 0);
    const { collectDuration, duration } = module.diagnostic();
    const line = {
      state: COVERAGE_STATE,
      project: module.project.name,
      file: module.relativeModuleId,
      passed: module.ok(),
      seconds: seconds(collectDuration + duration),
      longest: seconds(Math.max(0, ...lengths)),
      reached: [...this.reached],
    };
    appendFileSync(COVERAGE_FILE, `${JSON.stringify(line)}\n`);
  }
}

const seconds = (milliseconds) => Math.round(milliseconds / 100) / 10;
