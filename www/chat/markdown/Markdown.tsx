import type { Token } from "markdown-it";
import { type ComponentChildren, h } from "preact";
import { memo } from "preact/compat";
import { useState } from "preact/hooks";
import { type Block, GrowingText } from "./growing-text.ts";
import "./markdown.css";

/** A model's text, drawn as elements with text in them: no HTML is made of strings. `whole`: nothing will follow. */
export function Markdown(props: { text: string; whole: boolean }) {
  const [growing] = useState(() => new GrowingText());
  return (
    <div class="markdown">
      {growing.update(props.text, props.whole).map((block, at) => (
        <DrawnBlock key={at} block={block} />
      ))}
    </div>
  );
}

const DrawnBlock = memo(function DrawnBlock({ block }: { block: Block }) {
  return <>{draw(block)}</>;
});

interface Open {
  readonly token: Token | undefined;
  readonly children: ComponentChildren[];
}

/** The parser's flat list of openings, contents and closings, as a tree. */
function draw(tokens: readonly Token[]): ComponentChildren[] {
  const root: Open = { token: undefined, children: [] };
  const path = [root];
  const into = () => path.at(-1) ?? root;
  for (const token of tokens) {
    if (token.nesting === 1) path.push({ token, children: [] });
    else if (token.nesting === 0) into().children.push(leaf(token));
    else {
      const { token: opened, children } = path.pop() ?? root;
      if (opened) into().children.push(element(opened, children));
    }
  }
  return root.children;
}

/** As the parser wrote it. */
const attribute = (token: Token, name: string): string => String(token.attrGet(name) ?? "");

function leaf(token: Token): ComponentChildren {
  switch (token.type) {
    case "inline":
      return <>{draw(token.children ?? [])}</>;
    case "softbreak":
      return "\n";
    case "hardbreak":
      return <br />;
    case "hr":
      return <hr />;
    case "code_inline":
      return <code>{token.content}</code>;
    case "fence":
    case "code_block":
      return (
        <pre>
          <code>{token.content}</code>
        </pre>
      );
    case "image":
      // Not loaded: asking for it would tell its server that, and what, somebody reads.
      return <Link href={attribute(token, "src")}>{token.content || "image"}</Link>;
    default:
      return token.content;
  }
}

function element(token: Token, children: ComponentChildren[]): ComponentChildren {
  switch (token.type) {
    case "paragraph_open":
      return token.hidden ? children : <p>{children}</p>;
    case "heading_open":
      // Under the page's own headings.
      return h(`h${Math.min(6, Number(token.tag.slice(1)) + 2)}`, null, children);
    case "link_open":
      return <Link href={attribute(token, "href")}>{children}</Link>;
    case "ordered_list_open":
      return <ol start={Number(token.attrGet("start") ?? 1)}>{children}</ol>;
    case "table_open":
      return (
        // biome-ignore lint/a11y/noNoninteractiveTabindex: a scrolling region has to be reachable by keyboard.
        <section class="table" tabIndex={0} aria-label="Table">
          <table>{children}</table>
        </section>
      );
    case "th_open":
    case "td_open":
      return h(token.tag, { "data-align": /text-align:(\w+)/.exec(attribute(token, "style"))?.[1] }, children);
    default:
      return plain.has(token.tag) ? h(token.tag, null, children) : children;
  }
}

const plain = new Set(["em", "strong", "s", "ul", "li", "blockquote", "thead", "tbody", "tr"]);

/** Where it leads is the model's choice: to the web or to mail, in a tab that knows nothing of this one. */
function Link(props: { href: string; children: ComponentChildren }) {
  if (!/^(https?:\/\/|mailto:)/i.test(props.href)) return <>{props.children}</>;
  return (
    <a href={props.href} target="_blank" rel="noopener noreferrer">
      {props.children}
    </a>
  );
}
