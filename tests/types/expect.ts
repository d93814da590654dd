/** `true` where both types are the same one, also in what is optional and what is readonly. */
export type Same<Left, Right> =
  (<T>() => T extends Left ? 1 : 2) extends <T>() => T extends Right ? 1 : 2 ? true : false;

/** `true` where a `From` may stand for a `To`. */
export type Fits<From, To> = [From] extends [To] ? true : false;

/** Compiles only with `true`. */
export type Is<T extends true> = T;

/** Compiles only with `false`. */
export type IsNot<T extends false> = T;
