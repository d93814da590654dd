// A reporter for Vitest in WebKit: a file that takes too long ends with words instead of never, since its browser is
// taken away. What has begun and how it ended is noted in the file that WEBKIT_NOTES names.
import { appendFileSync } from "node:fs";

/** Seconds for a file; the longest takes some ten where nothing else runs. */
const LIMIT = Number(process.env.WEBKIT_LIMIT ?? 240);

function note(what, name) {
  if (process.env.WEBKIT_NOTES) appendFileSync(process.env.WEBKIT_NOTES, `${what} ${name}\n`);
}

export default class WebKitWatch {
  #vitest;
  #timers = new Map();

  onInit(vitest) {
    this.#vitest = vitest;
  }

  onTestModuleQueued({ moduleId, relativeModuleId, project }) {
    note("begun", moduleId);
    const closeBrowser = async () => {
      console.error(`\n✗ ${relativeModuleId} did not end within ${LIMIT} s: its browser is closed`);
      await this.#vitest.projects.find(({ name }) => name === project.name).browser.provider.close();
    };
    this.#timers.set(moduleId, setTimeout(closeBrowser, LIMIT * 1000));
  }

  onTestModuleEnd(module) {
    clearTimeout(this.#timers.get(module.moduleId));
    this.#timers.delete(module.moduleId);
    note(module.state() === "failed" ? "failed" : "passed", module.moduleId);
  }

  onTestRunEnd(_, strayErrors) {
    // Where a file is left, its browser has gone, which is an error too.
    if (strayErrors.length > 0 && this.#timers.size === 0) note("failed", "outside of tests");
    for (const timer of this.#timers.values()) clearTimeout(timer);
    this.#timers.clear();
  }
}
