// The tables of docs/performance.md, each between two marks: what stands there was measured by the command that wrote it.

import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { projectRoot } from "../tools/stack/gate.ts";

export type Part = "compare" | "scale" | "delays";

const file = join(projectRoot, "docs/performance.md");

export function writeDocs(part: Part, text: string): void {
  writeFileSync(file, replacePart(readFileSync(file, "utf8"), part, text));
}

/** Throws where the page has no place for it. */
export function replacePart(page: string, part: Part, text: string): string {
  const [begin, end] = [`<!-- bench: ${part} -->`, `<!-- bench: end of ${part} -->`];
  const [from, to] = [page.indexOf(begin), page.indexOf(end)];
  if (from < 0 || to < from) throw new Error(`docs/performance.md has no place between "${begin}" and "${end}".`);
  return `${page.slice(0, from + begin.length)}\n\n${text}\n\n${page.slice(to)}`;
}
