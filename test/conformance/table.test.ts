// The table of README.md, held to what it says: every clause has a row, every row a test, and every test is there.

import { readFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, test } from "vitest";
import { cellsOf, mistakesOfHeld, sourcesOf } from "../support/held-tests.ts";
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
  ...upTo("E", 7),
  ...upTo("T", 29),
];

interface Row {
  readonly clause: string;
  readonly level: string;
  readonly what: string;
  readonly heldBy: string;
}

const HEAD = "| clause | level | what | held by |";

const rowsOf = (markdown: string): readonly Row[] =>
  cellsOf(markdown, HEAD).map(([clause = "", level = "", what = "", heldBy = ""]) => ({ clause, level, what, heldBy }));

/** What is wrong with a row, as sentences. */
function mistakesOf(row: Row, sources: ReadonlyMap<string, Source>): readonly string[] {
  const empty = Object.entries(row).flatMap(([name, cell]) => (cell === "" ? [`${name} is empty`] : []));
  const isUnsaid = /^not offered(?!: \w)/.test(row.heldBy);
  return [
    ...empty,
    ...(isUnsaid ? ["it is not said what is not offered"] : []),
    ...mistakesOfHeld(row.heldBy, sources),
  ];
}

const readme = readFileSync(join(import.meta.dirname, "README.md"), "utf8");
const rows = rowsOf(readme);

const sources = sourcesOf(rows.map(({ heldBy }) => heldBy));

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
