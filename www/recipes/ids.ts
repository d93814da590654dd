/** Names what this visit makes on the server; another tab's is never the same. */
export const visit = Math.random().toString(36).slice(2, 8);

let made = 0;

export const newId = (kind: string): string => `${kind}-${visit}-${++made}`;
