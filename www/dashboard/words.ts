// What the queue says in codes, in plain language.

import type { SharedRecord } from "jobgate/shared";
import type { Tone } from "../shared/components.tsx";
import type { PlaceName } from "./address.ts";
import type { Storage } from "./places/place.ts";

export const placeWords: Record<PlaceName, string> = { page: "this page", tabs: "all tabs", server: "server" };

export const storageWords: Record<Storage, { readonly badge: string; readonly tone: Tone; readonly text: string }> = {
  opening: { badge: "connecting…", tone: "warn", text: "opening the browser's storage" },
  disk: { badge: "live", tone: "good", text: "one queue for all tabs, kept on this device" },
  memory: {
    badge: "live, not kept",
    tone: "warn",
    text: "the browser keeps nothing here, as in some private windows: these jobs end with this tab",
  },
  page: { badge: "live", tone: "good", text: "this page's own queue: it ends with the page" },
  server: { badge: "live", tone: "good", text: "on servers: jobs go on when every tab is closed" },
  away: { badge: "no server answers", tone: "warn", text: "what you see is what was last heard; the page asks again" },
  outdated: {
    badge: "old version",
    tone: "bad",
    text: "another tab has a newer version of this page: this one watches and stops jobs. Reload it to go on",
  },
  lost: {
    badge: "storage lost",
    tone: "bad",
    text: "the browser took the storage away, by hand or for room: what you see is what was last heard. Reload to begin anew",
  },
};

export const waitWords: Record<NonNullable<SharedRecord["waiting_for"]>, string> = {
  slot: "a free place",
  delay: "its delay to pass",
  retry: "its next try",
  online: "a connection",
  visible: "this tab to be looked at",
  type: "a tab that knows its type",
  migration: "newer code: its params are of an older version",
  storage: "the storage",
};

const refusals: Record<string, string> = {
  E_DISCONNECTED: "No server has answered. It may have been queued: the list says so once one does",
  E_QUOTA: "The browser has no more room for this site. Nothing was queued: clear finished jobs, or free some space",
  E_STORAGE_UNAVAILABLE: "The browser's storage can't be used. Nothing was queued",
  E_STORAGE_LOST: "The browser took the storage away meanwhile. It may have been queued: reload to see",
};

/** Why something was not done. */
export function refusalOf(error: unknown): string {
  const { code, message } = error as { code?: string; message?: string };
  return refusals[code ?? ""] ?? message ?? String(error);
}

/** Short enough to tell tabs apart by. */
export const tabName = (tab: string, own: string): string => (tab === own ? "this tab" : `tab ${tab.slice(0, 4)}`);
