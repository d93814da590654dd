import { memo } from "preact/compat";
import { Markdown } from "../markdown/Markdown.tsx";

/** `whole`: no more of it will come. */
export const Answer = memo(function Answer({ text, whole }: { text: string; whole: boolean }) {
  return (
    <article class="answer" aria-label="Model" aria-busy={!whole}>
      <Markdown text={text} whole={whole} />
    </article>
  );
});

/** What the model thought before it spoke, folded: it is long, and seldom what was asked for. */
export const Reasoning = memo(function Reasoning({ text, whole }: { text: string; whole: boolean }) {
  return (
    <details class="reasoning">
      <summary>{whole ? "What the model thought" : "The model thinks…"}</summary>
      <p>{text}</p>
    </details>
  );
});
