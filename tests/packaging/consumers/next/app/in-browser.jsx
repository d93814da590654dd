"use client";

import { useEffect, useState } from "react";
import { outcomes } from "../whole.js";

/** Rendered on the server as well: what it imports has to load there. */
export function InBrowser() {
  const [all, setAll] = useState(null);
  useEffect(() => {
    outcomes.then(setAll);
  }, []);
  return <p id="client">{JSON.stringify(all)}</p>;
}
