// What both kinds of mutants know of those that no test needs to see: a line each, the mutant, then " # why".
import { existsSync, readFileSync } from "node:fs";

/** Of a file that need not be there; empty lines and those that begin with # say nothing. */
export const linesOf = (path) =>
  existsSync(path)
    ? readFileSync(path, "utf8")
        .split("\n")
        .filter((line) => line.trim() !== "" && !line.startsWith("#"))
    : [];

/** The mutants that a list names. */
export const survivorsIn = (path) => new Set(linesOf(path).map((line) => line.split(" # ")[0].trim()));
