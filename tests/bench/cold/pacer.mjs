import { AsyncQueuer } from "@tanstack/pacer/async-queuer";

export const first = new Promise((onSuccess) => new AsyncQueuer(async () => 1, { onSuccess }).addItem("first"));
