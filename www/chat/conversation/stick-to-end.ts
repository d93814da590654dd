import type { RefObject } from "preact";
import { useLayoutEffect, useRef, useState } from "preact/hooks";

/** Within so many pixels of the end counts as there. */
const NEAR = 24;

/** Keeps the end in sight while the content grows, unless the visitor has scrolled away from it: then `away` is true. */
export function useStickToEnd(scroller: RefObject<HTMLElement | null>, content: RefObject<HTMLElement | null>) {
  const [away, setAway] = useState(false);
  const stuck = useRef(true);
  const toEnd = () => {
    const view = scroller.current;
    if (!view) return;
    stuck.current = true;
    setAway(false);
    view.scrollTop = view.scrollHeight;
    view.focus(); // the button that was pressed is gone
  };
  useLayoutEffect(() => {
    const view = scroller.current;
    if (!view || !content.current) return;
    let top = view.scrollTop;
    const atEnd = () => view.scrollHeight - view.clientHeight - view.scrollTop <= NEAR;
    // Told late: the content may have grown since it scrolled. Only the visitor scrolls up.
    const scrolled = () => {
      if (view.scrollTop < top) stuck.current = atEnd();
      else if (atEnd()) stuck.current = true;
      top = view.scrollTop;
      setAway(!stuck.current);
    };
    const grown = new ResizeObserver(() => {
      if (stuck.current) view.scrollTop = view.scrollHeight;
    });
    grown.observe(content.current);
    grown.observe(view);
    view.addEventListener("scroll", scrolled, { passive: true });
    return () => {
      grown.disconnect();
      view.removeEventListener("scroll", scrolled);
    };
  }, [scroller, content]);
  return { away, toEnd };
}
