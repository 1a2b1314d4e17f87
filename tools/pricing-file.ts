// `pricing.json` as text: JSON that a parser would silently repair is a mistake here. A key that stands twice is one,
// because the second would quietly replace the first one's price.

import jsonc, { type Node, type ParseError } from "jsonc-parser";

/** What is wrong with the text, as sentences with line and column; empty where nothing is. */
export function textMistakes(text: string): readonly string[] {
  const errors: ParseError[] = [];
  const tree = jsonc.parseTree(text, errors, { disallowComments: true });
  const syntax = errors.map(({ error, offset }) => `${place(text, offset)}: ${jsonc.printParseErrorCode(error)}`);
  return [...syntax, ...(tree ? duplicateKeys(text, tree) : [])];
}

function duplicateKeys(text: string, node: Node): readonly string[] {
  const taken = new Set<unknown>();
  return (node.children ?? []).flatMap((child) => {
    const [key] = child.type === "property" ? (child.children ?? []) : [];
    const isTwice = key !== undefined && taken.has(key.value);
    taken.add(key?.value);
    const own = isTwice ? [`${place(text, child.offset)}: the key ${JSON.stringify(key.value)} stands twice`] : [];
    return [...own, ...duplicateKeys(text, child)];
  });
}

function place(text: string, offset: number): string {
  const lines = text.slice(0, offset).split("\n");
  return `line ${lines.length}, column ${(lines.at(-1)?.length ?? 0) + 1}`;
}
