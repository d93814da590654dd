import type { RefObject } from "preact";
import { useLayoutEffect, useState } from "preact/hooks";
import type { Palette } from "./draw.ts";

/** The theme's colours, taken from elements that wear them: `data-colour` names each. A canvas knows no custom properties. */
export function usePalette(within: RefObject<HTMLElement | null>): Palette | undefined {
  const [palette, setPalette] = useState<Palette>();
  useLayoutEffect(() => {
    const read = () => {
      const worn = [...(within.current?.querySelectorAll<HTMLElement>("[data-colour]") ?? [])].map((element) => {
        return [element.dataset.colour ?? "", getComputedStyle(element).color] as const;
      });
      setPalette(Object.fromEntries(worn) as unknown as Palette);
    };
    read();
    const systems = ["(prefers-color-scheme: dark)", "(forced-colors: active)"].map((query) => matchMedia(query));
    for (const system of systems) system.addEventListener("change", read);
    const chosen = new MutationObserver(read);
    chosen.observe(document.documentElement, { attributeFilter: ["data-theme"] });
    return () => {
      for (const system of systems) system.removeEventListener("change", read);
      chosen.disconnect();
    };
  }, [within]);
  return palette;
}
