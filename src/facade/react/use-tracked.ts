import { useCallback, useState, useSyncExternalStore } from "react";
import type { Unsubscribe } from "../types.js";

/** What a hook looks at. */
export interface Source<View> {
  readonly subscribe: (listener: () => void) => Unsubscribe;
  readonly getSnapshot: () => View;
}

type Fields = Readonly<Record<string, unknown>>;

/** Records that are made anew each time: not the record counts, but what is in it. */
const RECORDS: readonly PropertyKey[] = ["progress", "stats"];

/**
 * What a component has read of records, field by field: who shows one number of many is not drawn for the others. For as
 * long as the component lives, since a record may be handed on and read later than it is drawn.
 */
class FieldNotes {
  private readonly read = new Set<string>();
  private readonly shown = new WeakMap<Fields, Fields>();

  /** The record, as plain to clone and to compare as itself, which notes what is read. Always the same one for one record. */
  noting(record: Fields): Fields {
    let shown = this.shown.get(record);
    if (shown === undefined) {
      const { read } = this;
      const getters: PropertyDescriptorMap = {};
      for (const field of Object.keys(record)) {
        getters[field] = {
          enumerable: true,
          get() {
            read.add(field);
            return record[field];
          },
        };
      }
      shown = Object.freeze(Object.defineProperties({}, getters)) as Fields;
      this.shown.set(record, shown);
    }
    return shown;
  }

  same(one: Fields, other: Fields): boolean {
    for (const field of this.read) if (one[field] !== other[field]) return false;
    return true;
  }
}

/**
 * The source's snapshot, which notes what is read from it: the component is drawn again when one of those values has
 * changed, not for the others. Each drawing starts a note of its own and from the newest snapshot, so what is no longer
 * read no longer counts. A view never changes, so nothing that is drawn in one go can differ.
 */
export function useTracked<View extends object>(source: Source<View>, idle: View): View {
  const [notes] = useState(() => new FieldNotes());
  const read = new Set<keyof View>();
  let drawn: View | undefined;
  let view: View | undefined;
  const same = (name: keyof View, one: unknown, other: unknown) =>
    Object.is(one, other) || (RECORDS.includes(name) && notes.same(one as Fields, other as Fields));
  /** The view as long as nothing that was read from it differs by now. */
  const show = (now: View): View => {
    if (drawn === undefined || view === undefined) {
      drawn = now;
      // Of a copy: a frozen snapshot would not let its records be shown as noting ones.
      view = new Proxy(
        { ...now },
        {
          get(_, name) {
            read.add(name as keyof View);
            const value = now[name as keyof View];
            return RECORDS.includes(name) ? notes.noting(value as Fields) : value;
          },
        },
      );
      return view;
    }
    for (const name of read) if (!same(name, now[name], drawn[name])) return now;
    return view;
  };
  return useSyncExternalStore(
    // Called on the source: a queue may be an app's own class.
    useCallback((listener) => source.subscribe(listener), [source]),
    () => show(source.getSnapshot()),
    () => show(idle),
  );
}
