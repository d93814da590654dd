import type { ServerJobType } from "jobgate/server";

export const module: URL;
export function typesOf(
  isolate: "none" | "thread",
  more?: Partial<ServerJobType>,
  byName?: Record<string, Partial<ServerJobType>>,
): ServerJobType[];
