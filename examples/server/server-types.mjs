// The same types on a server: the list of the page, the five that come with the package, and where all of them run.
import { JobRunner } from "jobgate/runner";
import { types } from "./types.mjs";

const module = new URL("./thread.mjs", import.meta.url);
const execute = () => Promise.reject(new Error("This type runs in threads"));
const builtins = new JobRunner({ autoStart: false }).getJobTypes().map((type) => ({ ...type, execute }));

/** For the gateway and for every worker. */
export const serverTypes = [...builtins, ...types].map((type) => ({ ...type, module, grace: 2000 }));
