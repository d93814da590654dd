import { useSyncExternalStore } from "react";
import type { Unsubscribe } from "../types.js";

/** What a hook looks at. */
export interface Source<View> {
  readonly subscribe: (listener: () => void) => Unsubscribe;
  readonly getSnapshot: () => View;
}

/** Records that are made anew each time: compared by what is in them. Everything else by Object.is. */
const BY_VALUE: readonly PropertyKey[] = ["progress", "stats"];

function same(name: PropertyKey, one: unknown, other: unknown): boolean {
  if (Object.is(one, other)) return true;
  if (!BY_VALUE.includes(name)) return false;
  return Object.entries(one as object).every(([field, value]) => value === (other as Record<string, unknown>)[field]);
}

/**
 * The source's snapshot, which notes what is read from it: the component is drawn again when one of those values has
 * changed, not for the others. Each drawing starts a note of its own and from the newest snapshot, so what is no longer
 * read no longer counts. A view never changes, so nothing that is drawn in one go can differ.
 */
export function useTracked<View extends object>({ subscribe, getSnapshot }: Source<View>, idle: View): View {
  const read = new Set<keyof View>();
  let drawn: View | undefined;
  let view: View | undefined;
  /** The view as long as nothing that was read from it differs by now. */
  const show = (now: View): View => {
    if (drawn === undefined || view === undefined) {
      drawn = now;
      view = new Proxy(now, {
        get(_, name) {
          read.add(name as keyof View);
          return now[name as keyof View];
        },
      });
      return view;
    }
    for (const name of read) if (!same(name, now[name], drawn[name])) return now;
    return view;
  };
  return useSyncExternalStore(
    subscribe,
    () => show(getSnapshot()),
    () => show(idle),
  );
}
