const KEY = "dashboard visitor";

/** Tells this browser from others that ask the same server: jobs have numbers, and those are everybody's. */
export function visitor(): string {
  try {
    const known = localStorage.getItem(KEY);
    if (known !== null) return known;
    const made = Math.random().toString(36).slice(2, 8);
    localStorage.setItem(KEY, made);
    return made;
  } catch {
    return "nobody";
  }
}
