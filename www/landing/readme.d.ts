declare module "virtual:readme" {
  /** The README's first block of TypeScript. */
  export const firstCode: string;
  /** What an app ships for each entry, minified and gzip. */
  export const sizes: readonly { readonly entry: string; readonly size: string; readonly what: string }[];
  /** Of the documentation. */
  export const guides: readonly { readonly title: string; readonly href: string }[];
  /** Of the last whole run of the bench: each library's time as a multiple of jobgate's, fastest first. */
  export const speed: {
    readonly version: string;
    readonly rows: readonly { readonly name: string; readonly times: number }[];
  };
}
