import MarkdownIt, { type Env, type Token } from "markdown-it";

/** Without `html`, markup in the text stays the text it is. */
const parser = new MarkdownIt({ html: false });

/** One paragraph, list, table or the like, at the top of the text. */
export type Block = readonly Token[];

interface Parsed {
  readonly blocks: readonly Block[];
  /** Where the last block but one begins in what was parsed. */
  readonly tail: number;
  readonly references: boolean;
}

/**
 * What comes next may still change the last two blocks: "2" after a list is a paragraph until ". " makes it the list's
 * next item. Those before are settled.
 */
const UNSETTLED = 2;

/**
 * The blocks of a text that grows at its end. Only the end is parsed again, and a settled block stays the same object, so
 * that drawing a long answer costs no more than drawing a short one.
 */
export class GrowingText {
  #text = "";
  #settled: Block[] = [];
  #end: readonly Block[] = [];
  /** Where the blocks that are not settled begin. */
  #from = 0;
  /** Definitions of links, which may stand after their use: only the whole text tells. */
  #references = false;
  #whole = false;

  /** `whole`: nothing will follow. */
  update(given: string, whole: boolean): readonly Block[] {
    const text = given.replace(/\r\n?/g, "\n");
    if (!text.startsWith(this.#text)) this.#restart();
    if (text.length > this.#text.length) {
      this.#text = text;
      this.#whole = false;
      this.#take(parse(text.slice(this.#from)));
    }
    if (whole && !this.#whole) {
      this.#whole = true;
      if (this.#references) {
        this.#restart();
        this.#text = text;
        this.#take(parse(text));
      }
    }
    return [...this.#settled, ...this.#end];
  }

  #take({ blocks, tail, references }: Parsed): void {
    const settled = blocks.slice(0, -UNSETTLED);
    this.#settled.push(...settled);
    this.#end = blocks.slice(settled.length);
    if (settled.length > 0) this.#from += tail;
    this.#references ||= references;
  }

  #restart(): void {
    this.#text = "";
    this.#settled = [];
    this.#end = [];
    this.#from = 0;
    this.#references = false;
    this.#whole = false;
  }
}

function parse(text: string): Parsed {
  const env: Env = {};
  const blocks: Token[][] = [];
  for (const token of parser.parse(text, env)) {
    if (token.level === 0 && token.nesting >= 0) blocks.push([]);
    blocks.at(-1)?.push(token);
  }
  const line = blocks.at(-UNSETTLED)?.[0]?.map?.[0] ?? 0;
  return { blocks, tail: startOf(text, line), references: env.references !== undefined };
}

function startOf(text: string, line: number): number {
  let start = 0;
  for (let passed = 0; passed < line; passed += 1) start = text.indexOf("\n", start) + 1;
  return start;
}
