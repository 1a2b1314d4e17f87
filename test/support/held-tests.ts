// Tables whose last column names tests: what is named there has to be there. A title is written with its groups before
// it, as the reporter prints them; of a parametrised title one case may be named, and its words then have to stand in the
// file.

import { existsSync, readFileSync } from "node:fs";
import { join } from "node:path";
import type { Node } from "typescript/unstable/ast";
import {
  isCallExpression,
  isConditionalExpression,
  isIdentifier,
  isNoSubstitutionTemplateLiteral,
  isPropertyAccessExpression,
  isStringLiteral,
  isTemplateExpression,
} from "typescript/unstable/ast";
import { parseSources, type Source } from "./sources.ts";

interface Held {
  readonly file: string;
  readonly title: string;
}

/** Cells of the table below its head; a cell that is missing is an empty one. */
export function cellsOf(markdown: string, head: string): readonly (readonly string[])[] {
  const count = head.split("|").length - 2;
  const lines = markdown.slice(markdown.indexOf(head)).split("\n\n")[0]?.trim().split("\n") ?? [];
  return lines.slice(2).map((line) => {
    const cells = line
      .slice(1)
      .replace(/\|\s*$/, "")
      .split("|");
    if (cells.length > count) throw new Error(`more than ${count} cells: ${line}`);
    return Array.from({ length: count }, (_, i) => cells[i]?.trim() ?? "");
  });
}

/** What stands in backquotes: a file, and after it the titles of its tests. */
export function heldOf(heldBy: string): readonly Held[] {
  const held: Held[] = [];
  let file: string | null = null;
  for (const [, quoted = ""] of heldBy.matchAll(/`([^`]+)`/g)) {
    if (/^test\/\S+\.(ts|mjs)$/.test(quoted)) {
      file = quoted;
      // Until a title follows, it holds nothing.
      held.push({ file, title: "" });
    } else if (file !== null) {
      if (held.at(-1)?.title === "") held.pop();
      held.push({ file, title: quoted });
    }
  }
  return held;
}

const PARAMETER = "\u0000";

/** The texts that an expression may be, each with a mark where something is filled in. */
function textsOf(node: Node | undefined, source: string): readonly string[] {
  if (node === undefined) return [];
  if (isStringLiteral(node) || isNoSubstitutionTemplateLiteral(node)) return [node.text];
  if (isConditionalExpression(node)) return [...textsOf(node.whenTrue, source), ...textsOf(node.whenFalse, source)];
  if (!isTemplateExpression(node)) return [];
  const raw = source.slice(node.getStart() + 1, node.getEnd() - 1);
  return [raw.replace(/\$\{[^}]*\}/g, PARAMETER)];
}

/** `test` for `test(…)` and `test.each(…)(…)`; null for any other call, and for a test that does not run. */
function calledWord(node: Node): "test" | "describe" | null {
  if (isIdentifier(node)) return node.text === "test" || node.text === "describe" ? node.text : null;
  if (isPropertyAccessExpression(node)) return node.name.text === "each" ? calledWord(node.expression) : null;
  return isCallExpression(node) && isPropertyAccessExpression(node.expression) ? calledWord(node.expression) : null;
}

/** Every title of a file, with its groups. */
function titlesOf({ tree, text }: Source): readonly string[] {
  const walk = (node: Node, groups: readonly string[]): readonly string[] => {
    const word = isCallExpression(node) ? calledWord(node.expression) : null;
    const titles = isCallExpression(node) && word !== null ? textsOf(node.arguments[0], text) : [];
    const named = titles.flatMap((title) => groups.map((group) => (group === "" ? title : `${group} > ${title}`)));
    if (word === "test" && named.length > 0) return named;
    const below = word === "describe" && named.length > 0 ? named : groups;
    const children: Node[] = [];
    node.forEachChild((child) => void children.push(child));
    return children.flatMap((child) => walk(child, below));
  };
  return walk(tree, [""]);
}

const PLACEHOLDER = new RegExp(`%[sdifjo]|\\$[a-z]\\w*|${PARAMETER}`, "gi");
const escapePattern = (text: string): string => text.replace(/[.*+?^${}()|[\]\\]/g, "\\$&");

/** The title itself, or a case of it whose words stand in the file. */
function isTitle(written: string, title: string, { text }: Source): boolean {
  if (written === title) return true;
  const placeholders = title.match(PLACEHOLDER) ?? [];
  if (placeholders.length === 0) return false;
  const pattern = title.split(PLACEHOLDER).map(escapePattern).join("(.+)");
  const filled = new RegExp(`^${pattern}$`).exec(written)?.slice(1);
  return filled?.every((word) => isInSource(word, text)) ?? false;
}

/** As a text of its own, as the value that a template fills in, or as the placeholder itself. */
const isInSource = (word: string, text: string): boolean =>
  /^%[sdifjo]$/.test(word) ||
  [`"${word}"`, `\`${word}\``, `[${word},`, `[${word}]`, `, ${word},`, `, ${word}]`].some((form) =>
    text.includes(form),
  );

/** What is wrong with a cell that names tests, as sentences. */
export function mistakesOfHeld(heldBy: string, sources: ReadonlyMap<string, Source>): readonly string[] {
  const held = heldOf(heldBy);
  if (held.length === 0) return ["no test is named"];
  return held.flatMap(({ file, title }) => {
    const source = sources.get(file);
    if (!source) return [`${file} does not exist`];
    if (title === "") return [`${file} is named without a test`];
    return titlesOf(source).some((one) => isTitle(title, one, source)) ? [] : [`${file} has no test "${title}"`];
  });
}

/** The files that cells name, as far as they exist. */
export function sourcesOf(heldBy: readonly string[]): ReadonlyMap<string, Source> {
  const root = join(import.meta.dirname, "../..");
  const named = new Set(heldBy.flatMap(heldOf).map(({ file }) => file));
  const files = [...named].filter((file) => existsSync(join(root, file)));
  /** The parser reads TypeScript alone, and a script is that too. */
  const parsed = parseSources(
    files.map((file) => ({
      path: file.replace(/\.mjs$/, ".mjs.ts"),
      text: readFileSync(join(root, file), "utf8"),
    })),
  );
  return new Map(files.flatMap((file, i) => (parsed[i] ? [[file, parsed[i]] as const] : [])));
}
