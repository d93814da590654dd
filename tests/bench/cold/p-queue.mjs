import PQueue from "p-queue";

export const first = new PQueue().add(async () => 1);
