import pLimit from "p-limit";

export const first = pLimit(10)(async () => 1);
