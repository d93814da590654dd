import { SugarHigh } from "sugar-high/core";
import { tokenize } from "sugar-high/lang/typescript";
import "./code.css";

/** What code.css has a colour for. */
const coloured = new Set(["keyword", "string", "class", "comment"]);

/** TypeScript as it stands in its file, highlighted: elements with text, no HTML from strings. */
export function Code(props: { source: string; label: string }) {
  const tokens: [number, string][] = tokenize(props.source.trimEnd(), undefined);
  return (
    // biome-ignore lint/a11y/noNoninteractiveTabindex: a scrolling region has to be reachable by keyboard.
    <section class="code" tabIndex={0} aria-label={props.label}>
      <pre>
        {tokens.map(([type, text], at) => {
          const kind = SugarHigh.TokenTypes[type] ?? "";
          // Most of a text has the usual colour and needs no element.
          return coloured.has(kind) ? (
            <span key={at} data-token={kind}>
              {text}
            </span>
          ) : (
            text
          );
        })}
      </pre>
    </section>
  );
}
