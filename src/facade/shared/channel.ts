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
      this.channel.onmessage = ({ data }) => this.heard(data ?? {});
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
