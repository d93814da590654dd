import { MinManager } from "../floors/js-min.mjs";

export const first = new MinManager().runJob("first", async () => 1).job.result;
