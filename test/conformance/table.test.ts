// The table of README.md, held to what it says: every clause has a row, every row a test, and every test is there. A
// title is written with its groups before it, as the reporter prints them; of a parametrised title one case may be
// named, and its words then have to stand in the file.

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
import { describe, expect, test } from "vitest";
import { parseSources, type Source } from "../support/sources.ts";

const upTo = (letter: string, last: number): readonly string[] =>
  Array.from({ length: last }, (_, i) => `${letter}${i + 1}`);

/** Wire, CORS, facilitator, schemes, v1, extensions, statuses. */
const CLAUSES: readonly string[] = [
  ...upTo("", 20),
  ...upTo("C", 4),
  ...upTo("F", 4),
  ...upTo("S", 8),
  ...upTo("V", 3),
  ...upTo("E", 6),
  ...upTo("T", 24),
];

interface Held {
  readonly file: string;
  readonly title: string;
}

interface Row {
  readonly clause: string;
  readonly level: string;
  readonly what: string;
  readonly heldBy: string;
}

const CELLS = 4;
const HEAD = "| clause | level | what | held by |";

/** Lines of the table below its head; a cell that is missing is an empty one. */
function rowsOf(markdown: string): readonly Row[] {
  const lines = markdown.slice(markdown.indexOf(HEAD)).split("\n\n")[0]?.trim().split("\n") ?? [];
  return lines.slice(2).map((line) => {
    const cells = line
      .slice(1)
      .replace(/\|\s*$/, "")
      .split("|");
    const [clause = "", level = "", what = "", heldBy = ""] = cells.map((cell) => cell.trim());
    if (cells.length > CELLS) throw new Error(`more than ${CELLS} cells: ${line}`);
    return { clause, level, what, heldBy };
  });
}

/** What stands in backquotes: a file, and after it the titles of its tests. */
function heldOf({ heldBy }: Row): readonly Held[] {
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

/** What is wrong with a row, as sentences. */
function mistakesOf(row: Row, sources: ReadonlyMap<string, Source>): readonly string[] {
  const empty = Object.entries(row).flatMap(([name, cell]) => (cell === "" ? [`${name} is empty`] : []));
  const held = heldOf(row);
  if (held.length === 0) return [...empty, "no test is named"];
  return [
    ...empty,
    ...(/^not offered(?!: \w)/.test(row.heldBy) ? ["it is not said what is not offered"] : []),
    ...held.flatMap(({ file, title }) => {
      const source = sources.get(file);
      if (!source) return [`${file} does not exist`];
      if (title === "") return [`${file} is named without a test`];
      return titlesOf(source).some((one) => isTitle(title, one, source)) ? [] : [`${file} has no test "${title}"`];
    }),
  ];
}

const root = join(import.meta.dirname, "../..");
const readme = readFileSync(join(import.meta.dirname, "README.md"), "utf8");
const rows = rowsOf(readme);

const files = [...new Set(rows.flatMap(heldOf).map(({ file }) => file))].filter((file) => existsSync(join(root, file)));
/** The parser reads TypeScript alone, and a script is that too. */
const parsed = parseSources(
  files.map((file) => ({
    path: file.replace(/\.mjs$/, ".mjs.ts"),
    text: readFileSync(join(root, file), "utf8"),
  })),
);
const sources = new Map(files.map((file, i) => [file, parsed[i] ?? expect.fail()]));

test("the table has a row for every clause, once and in order", () => {
  expect(rows.map(({ clause }) => clause)).toEqual(CLAUSES);
});

test.each(rows.map((row) => [row.clause, row] as const))("clause %s is held by tests that there are", (_, row) => {
  expect(mistakesOf(row, sources)).toEqual([]);
});

describe("a breach is found:", () => {
  const path = "test/unit/a.test.ts";
  const text = `
describe("a caller", () => {
  test("is served", () => undefined);
  test.skip("is thanked", () => undefined);
  test.each([["late", 1]])("is told that it is %s", () => undefined);
  test(\`pays \${price}\`, () => undefined);
});
describe.each([["early"]])("%s", () => {
  test(isLate ? "waits" : "goes", () => undefined);
});`;
  const [source = expect.fail()] = parseSources([{ path, text }]);
  const known = new Map([[path, source]]);
  const rowOf = (heldBy: string, what = "w") =>
    rowsOf(`${HEAD}\n|---|\n| 1 | M | ${what} | ${heldBy} |`)[0] ?? expect.fail();

  test.each([
    "a caller > is served",
    "a caller > is told that it is %s",
    "a caller > is told that it is late",
    "a caller > pays late",
    "early > waits",
    "%s > goes",
  ])("not in a row that names %j", (title) => {
    expect(mistakesOf(rowOf(`\`${path}\`: \`${title}\``), known)).toEqual([]);
  });

  test.each([
    ["a title without its group", "is served"],
    ["a title that was changed", "a caller > is serviced"],
    ["a test that does not run", "a caller > is thanked"],
    ["a case that there is not", "a caller > is told that it is lost"],
    ["a group that there is not", "late > goes > on"],
  ])("%s", (_, title) => {
    expect(mistakesOf(rowOf(`\`${path}\`: \`${title}\``), known)).toEqual([`${path} has no test "${title}"`]);
  });

  test.each([
    ["an empty cell", `\`${path}\`: \`a caller > is served\``, "", ["what is empty"]],
    ["no test", "everybody", "w", ["no test is named"]],
    ["a file alone", `\`${path}\``, "w", [`${path} is named without a test`]],
    ["a file that is gone", "`test/b.test.ts`: `x`", "w", ["test/b.test.ts does not exist"]],
    [
      "nothing that is not offered",
      `not offered:<br>\`${path}\`: \`a caller > is served\``,
      "w",
      ["it is not said what is not offered"],
    ],
  ])("%s", (_, heldBy, what, mistakes) => {
    expect(mistakesOf(rowOf(heldBy, what), known)).toEqual(mistakes);
  });
});
