import { Host } from "./host.ts";

export const ownHost = new Host();
