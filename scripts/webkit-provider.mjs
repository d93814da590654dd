// Runs vitest's browser tests in WebKitGTK.
import { defineBrowserProvider } from "@vitest/browser";
import { webkit } from "./webkit.mjs";

class WebKitProvider {
  name = "webkitgtk";
  supportsParallelism = false;
  #driver;
  #pages = [];

  getCommandsContext() {
    return {};
  }

  async openPage(_session, url) {
    this.#driver ??= webkit();
    const page = await (await this.#driver).session();
    this.#pages.push(page);
    await page.open(url);
  }

  async close() {
    await (await this.#driver)?.close();
  }
}

export const webkitProvider = () =>
  defineBrowserProvider({ name: "webkitgtk", options: {}, providerFactory: () => new WebKitProvider() });
