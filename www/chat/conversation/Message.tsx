import { memo } from "preact/compat";
import { Markdown } from "../markdown/Markdown.tsx";

/** As it was typed. */
export const Prompt = memo(function Prompt({ text }: { text: string }) {
  return (
    <article class="prompt" aria-label="You">
      {text}
    </article>
  );
});

/** `whole`: no more of it will come. */
export const Answer = memo(function Answer({ text, whole }: { text: string; whole: boolean }) {
  return (
    <article class="answer" aria-label="Model" aria-busy={!whole}>
      <Markdown text={text} whole={whole} />
    </article>
  );
});
