// `pricing.json` as text and as what it means. JSON that a parser would silently repair is a mistake here: a key that
// stands twice is one, because the second would quietly replace the first one's price.

import { readFileSync } from "node:fs";
import { join, resolve } from "node:path";
import jsonc, { type Node } from "jsonc-parser";
import { type Config, type Mistake, mistakeAt, parseConfig, sentence } from "../src/config/index.ts";
import { transferChecked } from "../src/schemes/index.ts";
import { err, type Result, redacted } from "../src/std/index.ts";
import { lineOf, place, syntaxMistake } from "./json-syntax.ts";

/** The project's own. FAREGATE_PRICING names another: a build has no arguments of its own. */
export const pricingFile = process.env["FAREGATE_PRICING"] ?? join(resolve(import.meta.dirname, ".."), "pricing.json");

/** What is built in its place, such as on a chain of this machine; FAREGATE_BUILT names it. */
export const builtFile = process.env["FAREGATE_BUILT"] ?? pricingFile;

/** The error is every mistake, as sentences. What cannot be read at all is thrown, in words. */
export function compileFile(file: string): Result<Config, readonly string[]> {
  const text = readText(file);
  const broken = textMistakes(text);
  if (broken.length > 0) return err(broken);
  const config = parseConfig(JSON.parse(text), [transferChecked]);
  return config.ok ? config : err(located(text, config.error));
}

/**
 * As sentences in the order of the file, with the line of the nearest thing that it has there; a key of the table that is
 * missing has none.
 */
function located(text: string, mistakes: readonly Mistake[]): readonly string[] {
  const offsets = new Map<string, number>();
  collectPlaces(jsonc.parseTree(text) as Node, [], offsets);
  return mistakes
    .map((mistake) => ({ mistake, offset: nearestPlace(mistake.path, offsets) }))
    .toSorted((a, b) => (a.offset ?? -1) - (b.offset ?? -1))
    .map(({ mistake, offset }) =>
      offset === null ? sentence(mistake) : `line ${lineOf(text, offset)}: ${sentence(mistake)}`,
    );
}

function collectPlaces(node: Node, keys: readonly PropertyKey[], offsets: Map<string, number>): void {
  offsets.set(mistakeAt(keys, "").path, (node.parent?.type === "property" ? node.parent : node).offset);
  for (const [i, child] of (node.children ?? []).entries()) {
    const [key, value] = child.type === "property" ? (child.children ?? []) : [{ value: i }, child];
    if (value) collectPlaces(value, [...keys, key?.value], offsets);
  }
}

/** The last key or index of a path. */
const LAST = /(?:^|\.)[A-Za-z_$][\w$]*$|\[(?:\d+|"(?:[^"\\]|\\.)*")\]$/;

function nearestPlace(path: string, offsets: ReadonlyMap<string, number>): number | null {
  if (path === "") return null;
  return offsets.get(path) ?? nearestPlace(path.replace(LAST, ""), offsets);
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
  const syntax = syntaxMistake(text);
  if (syntax !== null) return [syntax];
  return duplicateKeys(text, jsonc.parseTree(text) as Node);
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
