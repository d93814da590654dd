declare module "virtual:readme" {
  /** The README's first block of TypeScript. */
  export const firstCode: string;
  /** What an app ships for each entry, minified and gzip. */
  export const sizes: readonly { readonly entry: string; readonly size: string; readonly what: string }[];
}
