// Runs vitest's browser tests in WebKitGTK.
import { defineBrowserProvider } from "@vitest/browser";
import { webkit } from "./webkit.mjs";

class WebKitProvider {
  name = "webkitgtk";
  supportsParallelism = false;
  #driver;

  getCommandsContext() {
    return {};
  }

  async openPage(_session, url) {
    this.#driver ??= webkit();
    const page = await (await this.#driver).session();
    await page.open(url);
  }

  async close() {
    const driver = this.#driver;
    this.#driver = undefined;
    await (await driver?.catch(() => undefined))?.close();
  }
}

export const webkitProvider = () =>
  defineBrowserProvider({ name: "webkitgtk", options: {}, providerFactory: () => new WebKitProvider() });
