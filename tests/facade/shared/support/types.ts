import type { SharedJobType } from "jobgate/shared";

/** A type that has nothing but a name and a body. */
export function type<Params = unknown, Result = unknown, State = unknown, Action = unknown>(
  name: string,
  execute: SharedJobType<Params, Result, State, Action>["execute"],
  more: Partial<SharedJobType<Params, Result, State, Action>> = {},
): SharedJobType<Params, Result, State, Action> {
  return { name, description: "", params: [], execute, ...more };
}
