// `pricing.json` as text and as what it means. JSON that a parser would silently repair is a mistake here: a key that
// stands twice is one, because the second would quietly replace the first one's price.

import { readFileSync } from "node:fs";
import { join, resolve } from "node:path";
import jsonc, { type Node, type ParseError } from "jsonc-parser";
import { type Config, parseConfig, sentence } from "../src/config/index.ts";
import { transferChecked } from "../src/schemes/index.ts";
import { err, type Result, redacted } from "../src/std/index.ts";

/** The project's own. FAREGATE_PRICING names another: a build has no arguments of its own. */
export const pricingFile = process.env["FAREGATE_PRICING"] ?? join(resolve(import.meta.dirname, ".."), "pricing.json");

/** The error is every mistake, as sentences. What cannot be read at all is thrown, in words. */
export function compileFile(file: string): Result<Config, readonly string[]> {
  const text = readText(file);
  const broken = textMistakes(text);
  if (broken.length > 0) return err(broken);
  const config = parseConfig(JSON.parse(text), [transferChecked]);
  return config.ok ? config : err(config.error.map(sentence));
}

/** Of the file, as one text. */
export function formatMistakes(file: string, mistakes: readonly string[]): string {
  const count = mistakes.length === 1 ? "one mistake" : `${mistakes.length} mistakes`;
  return `${file} has ${count}:\n${mistakes.map((mistake) => `  ${mistake}`).join("\n")}`;
}

export function readText(file: string): string {
  try {
    return readFileSync(file, "utf8");
  } catch (error) {
    const { code, message } = error as NodeJS.ErrnoException;
    throw new Error(`The pricing table ${file} cannot be read (${code ?? message}).`);
  }
}

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
    const own = isTwice
      ? [`${place(text, child.offset)}: the key ${redacted(JSON.stringify(key.value))} stands twice`]
      : [];
    return [...own, ...duplicateKeys(text, child)];
  });
}

function place(text: string, offset: number): string {
  const lines = text.slice(0, offset).split("\n");
  return `line ${lines.length}, column ${(lines.at(-1)?.length ?? 0) + 1}`;
}
