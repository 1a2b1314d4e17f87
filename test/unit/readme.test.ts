import { readFileSync } from "node:fs";
import { join } from "node:path";
import { expect, test } from "vitest";
import { parseConfig, sentence } from "../../src/config/index.ts";
import { pricingTable } from "../../src/config/schema.ts";

const root = join(import.meta.dirname, "../..");
const readme = readFileSync(join(root, "README.md"), "utf8");
const scripts = Object.keys(JSON.parse(readFileSync(join(root, "package.json"), "utf8")).scripts);

/** Indented blocks that hold a JSON object. */
const tables = [...readme.matchAll(/^ {7}\{\n(?: {7}.*\n)+? {7}\}/gm)].map(([block]) => JSON.parse(block));

test("the README's table can be deployed as it stands", () => {
  expect(tables).toHaveLength(1);
  for (const table of tables) {
    const config = parseConfig(table);
    expect(config.ok ? [] : config.error.map(sentence)).toEqual([]);
  }
});

test("the README explains every key of the table", () => {
  // The table's shape stands behind the check that refuses lists.
  const [, { entries }] = (pricingTable as unknown as { pipe: [unknown, typeof pricingTable] }).pipe;
  const known = Object.keys(entries).filter((key) => key !== "$schema" && key !== "settle");
  expect(known.filter((key) => !readme.includes(`| \`${key}\` |`))).toEqual([]);
});

test("the README names only commands that there are", () => {
  const named = [...readme.matchAll(/npm run ([a-z]+)/g)].map(([, name]) => name);
  expect(named.length).toBeGreaterThan(2);
  expect(named.filter((name) => !scripts.includes(name ?? ""))).toEqual([]);
});

test("the project's own table can be deployed", () => {
  const config = parseConfig(JSON.parse(readFileSync(join(root, "pricing.json"), "utf8")));
  expect(config.ok).toBe(true);
});
