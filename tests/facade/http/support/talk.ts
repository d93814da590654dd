/** What a test tells the "held" jobs in the service worker. */
export type Said = { readonly label: string } & (
  | { readonly percent: number; readonly message: string }
  | { readonly result: unknown }
  | { readonly error: string }
);
