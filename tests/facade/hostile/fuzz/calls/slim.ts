import { errors, functions, objects } from "../../values.js";
import type { Call } from "../world.js";

/** No text: it would be fetched. */
const sources = { ...objects, ...functions, ...errors };

/** The engine is there already: whatever this is given, it goes on as it was. */
export const slimCalls: Readonly<Record<string, Call>> = {
  init: (world, draw) => world.settles("init", world.package.slim.init(draw.of(sources))),
};
