import Bottleneck from "bottleneck";

export const first = new Bottleneck().schedule(async () => 1);
