import { describe, expect, test } from "vitest";
import { GrowingText } from "../../www/chat/markdown/growing-text.ts";

const texts = {
  "of every kind": `# Title

One *paragraph* with **strong** \`code\`
and a second line.

- a list
- its second item

  with a paragraph
1. another list

3. loose

Setext
======

| a | b |
|---|--:|
| 1 | 2 |

> a quote
continued

\`\`\`js
let x = 1;

let y = 2;
\`\`\`

    indented

---

<img src=x onerror=y>`,
  "a list after a list's paragraph": "1. one\n\n2. two\n\ntext\n\n10. ten\n11. eleven\n",
  "with references after their use":
    "See [this][a] and [that].\n\nMore.\n\nStill more.\n\n[a]: https://a.example/\n[that]: /b\n",
  "with other line ends": "one\r\n\r\ntwo\r\n\r\n- three\r\n- four\r\rfive\r\n",
};

/** Without what parsing leaves in passing: where in the piece it stood. */
const shape = (text: GrowingText, given: string, whole: boolean) =>
  text.update(given, whole).map((block) =>
    block.map(({ type, tag, content, attrs, hidden, children }) => ({
      ...{ type, tag, content, attrs, hidden },
      children: children?.map((child) => [child.type, child.content, child.attrs]),
    })),
  );

describe.each(Object.entries(texts))("a text %s", (_, text) => {
  test.each([1, 3, 7, 40])("that arrives %d characters at a time is drawn as the whole", (size) => {
    const growing = new GrowingText();
    for (let end = size; end < text.length; end += size) growing.update(text.slice(0, end), false);
    expect(shape(growing, text, true)).toEqual(shape(new GrowingText(), text, true));
  });
});

test("a settled block stays the same object while the text grows", () => {
  const growing = new GrowingText();
  const [first] = growing.update("one\n\ntwo\n\nthree\n\n", false);
  const later = growing.update("one\n\ntwo\n\nthree\n\nfour\n\nfive", false);
  expect(later[0]).toBe(first);
  expect(later).toHaveLength(5);
});

test("another text takes its place", () => {
  const growing = new GrowingText();
  growing.update("one\n\ntwo\n\nthree", true);
  expect(shape(growing, "four", true)).toEqual(shape(new GrowingText(), "four", true));
});

test("a text of nothing has no blocks", () => {
  expect(new GrowingText().update("", true)).toEqual([]);
});
