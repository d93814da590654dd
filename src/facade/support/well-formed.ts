/**
 * There is no half of a surrogate pair in it. Rust's texts, UTF-8 and addresses have none: two names that differ only there
 * would be one.
 */
export function isWellFormed(text: string): boolean {
  return !/\p{Surrogate}/u.test(text);
}
