// Hints to the other tabs, by BroadcastChannel: that something has changed, and what is not stored. Without them all is
// right, only slower.

export interface Said {
  /** The store's counter has grown. */
  readonly hint?: true;
  readonly log?: Log;
}

export interface Log {
  readonly id: string;
  readonly message: string;
  readonly at: number;
  /** Of the row as it was then: who has not seen that one yet hears of it first. */
  readonly changed: number;
}

/** Any script of the origin can say anything here. */
function readSaid(data: unknown): Said {
  const { hint, log } = (data ?? {}) as Partial<Said>;
  return { ...(hint === true && { hint }), ...(isLog(log) && { log }) };
}

function isLog(given: unknown): given is Log {
  const { id, message, at, changed } = (given ?? {}) as Partial<Log>;
  return typeof id === "string" && typeof message === "string" && Number.isFinite(at) && Number.isFinite(changed);
}

export class Channel {
  private readonly name: string;
  private readonly heard: (said: Said) => void;
  private channel: BroadcastChannel | undefined;

  constructor(name: string, heard: (said: Said) => void) {
    this.name = `jobgate:${name}`;
    this.heard = heard;
    this.open();
  }

  open(): void {
    if (typeof BroadcastChannel === "undefined" || this.channel !== undefined) return;
    try {
      this.channel = new BroadcastChannel(this.name);
      this.channel.onmessage = ({ data }) => this.heard(readSaid(data));
    } catch {
      // Not allowed in this context.
    }
  }

  say(said: Said): void {
    try {
      this.channel?.postMessage(said);
    } catch {
      // It was closed under way.
    }
  }

  close(): void {
    this.channel?.close();
    this.channel = undefined;
  }
}
