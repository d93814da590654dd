import { defer, lastValueFrom } from "rxjs";

export const first = lastValueFrom(defer(async () => 1));
