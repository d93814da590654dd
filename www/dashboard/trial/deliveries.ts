// The uploads of this browser in the server's log.

import { visitor } from "../visitor.ts";

const rounds = Date.now().toString(36).slice(-4);
let made = 0;

export const nextNames = (count: number): string[] =>
  Array.from({ length: count }, () => `${visitor()}-${rounds}-${++made}`);

export async function deliveriesOf(): Promise<readonly { name: string; bytes: number; requests: number }[]> {
  const response = await fetch(`/api/deliveries?of=${visitor()}-`);
  if (!response.ok) throw new Error(`The server answered ${response.status}`);
  return response.json();
}
