import { type IncomingMessage, STATUS_CODES } from "node:http";
import type { Duplex } from "node:stream";

/** As `authorize` is given it; undefined: its address or headers are none. */
export function requestOf({ url = "/", headers }: IncomingMessage): Request | undefined {
  try {
    const given = new Headers();
    for (const [name, value] of Object.entries(headers)) {
      if (value !== undefined) given.set(name, Array.isArray(value) ? value.join(", ") : value);
    }
    return new Request(new URL(url, `http://${headers.host ?? "localhost"}`), { headers: given });
  } catch {
    return undefined;
  }
}

export function refuseUpgrade(socket: Duplex, status: number): void {
  const body = JSON.stringify({ error: STATUS_CODES[status], code: status });
  const lines = [
    `HTTP/1.1 ${status} ${STATUS_CODES[status]}`,
    "Connection: close",
    "Content-Type: application/json",
    `Content-Length: ${Buffer.byteLength(body)}`,
    "",
    body,
  ];
  socket.end(lines.join("\r\n"));
}
