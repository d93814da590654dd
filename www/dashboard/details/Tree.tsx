import { useState } from "preact/hooks";
import { count } from "../../shared/format.ts";

const FIRST_ITEMS = 50;
const TABLE_COLUMNS = 6;

type Entry = readonly [name: string, value: unknown];

const isBranch = (value: unknown): value is object => typeof value === "object" && value !== null;

/** Plain data as text, a table where it is a list of alike things, and a tree else. */
export function Tree({ value }: { value: unknown }) {
  if (!isBranch(value)) return <Leaf value={value} />;
  if (!Array.isArray(value)) return <Branch entries={Object.entries(value)} />;
  const columns = tableColumns(value);
  if (columns) return <Table rows={value} columns={columns} />;
  if (!value.some(isBranch)) return <Inline items={value} />;
  return <Branch entries={value.map((item, at) => [String(at), item] as const)} />;
}

function Leaf({ value }: { value: unknown }) {
  const kind = value === null ? "null" : typeof value;
  return (
    <span class="leaf" data-kind={kind}>
      {typeof value === "string" ? value : String(value)}
    </span>
  );
}

function Branch({ entries }: { entries: readonly Entry[] }) {
  const { shown, more } = useFirst(entries);
  if (entries.length === 0) return <span class="muted">nothing in it</span>;
  return (
    <>
      <ul class="tree">
        {shown.map(([name, value]) => (
          <li key={name}>
            {isBranch(value) ? (
              <details open>
                <summary>
                  <span class="tree-name">{name}</span> <span class="muted">{sizeOf(value)}</span>
                </summary>
                <Tree value={value} />
              </details>
            ) : (
              <>
                <span class="tree-name">{name}</span> <Leaf value={value} />
              </>
            )}
          </li>
        ))}
      </ul>
      {more}
    </>
  );
}

function Inline({ items }: { items: readonly unknown[] }) {
  const { shown, more } = useFirst(items);
  return (
    <>
      <span class="inline-list">{shown.map((item) => String(item)).join(", ") || "nothing in it"}</span>
      {more}
    </>
  );
}

function Table(props: { rows: readonly object[]; columns: readonly string[] }) {
  const { shown, more } = useFirst(props.rows);
  return (
    <>
      {/* biome-ignore lint/a11y/noNoninteractiveTabindex: a scrolling region has to be reachable by keyboard. */}
      <section class="table-scroll" tabIndex={0} aria-label="Result as a table">
        <table>
          <thead>
            <tr>
              {props.columns.map((column) => (
                <th key={column} scope="col">
                  {column}
                </th>
              ))}
            </tr>
          </thead>
          <tbody>
            {shown.map((row, at) => (
              <tr key={at}>
                {props.columns.map((column) => (
                  <td key={column}>
                    <Leaf value={(row as Record<string, unknown>)[column]} />
                  </td>
                ))}
              </tr>
            ))}
          </tbody>
        </table>
      </section>
      {more}
    </>
  );
}

/** The first of them, and a button for the rest. */
function useFirst<Item>(items: readonly Item[]) {
  const [all, setAll] = useState(false);
  const shown = all ? items : items.slice(0, FIRST_ITEMS);
  const more = shown.length < items.length && (
    <button type="button" class="link" onClick={() => setAll(true)}>
      Show all {count(items.length)}
    </button>
  );
  return { shown, more };
}

/** The columns of a list of flat objects that have the same few fields, or some of them. */
function tableColumns(items: readonly unknown[]): readonly string[] | undefined {
  if (items.length === 0) return undefined;
  const columns = new Set<string>();
  for (const item of items) {
    if (!isBranch(item) || Array.isArray(item) || Object.values(item).some(isBranch)) return undefined;
    for (const name of Object.keys(item)) columns.add(name);
    if (columns.size > TABLE_COLUMNS) return undefined;
  }
  return [...columns];
}

function sizeOf(value: object): string {
  const size = Array.isArray(value) ? value.length : Object.keys(value).length;
  return Array.isArray(value) ? `${count(size)} ${size === 1 ? "item" : "items"}` : "";
}
