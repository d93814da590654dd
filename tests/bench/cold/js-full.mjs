import { FullManager } from "../floors/js-full.mjs";

export const first = new FullManager().runJob("first", async () => 1).job.result;
