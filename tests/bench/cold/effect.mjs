import { Effect } from "effect";

export const first = Effect.runPromise(Effect.promise(async () => 1));
