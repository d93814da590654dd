import { createActor, fromPromise, toPromise } from "xstate";

export const first = toPromise(createActor(fromPromise(async () => 1)).start());
