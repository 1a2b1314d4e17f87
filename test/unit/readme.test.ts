import { existsSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { DatabaseSync } from "node:sqlite";
import { describe, expect, test } from "vitest";
import { parseConfig, sentence } from "../../src/config/index.ts";
import { tableEntries } from "../../src/config/schema.ts";
import { BOOKS_TABLE } from "../../src/ledger/sink.ts";
import { parseTarget } from "../../src/route/index.ts";

const root = join(import.meta.dirname, "../..");
const readme = readFileSync(join(root, "README.md"), "utf8");
const commands: { readonly [script: string]: string } = JSON.parse(
  readFileSync(join(root, "package.json"), "utf8"),
).scripts;
const scripts = Object.keys(commands);

/** Indented blocks that hold a JSON object. */
const tables = [...readme.matchAll(/^ {7}\{\n(?: {7}.*\n)+? {7}\}/gm)].map(([block]) => JSON.parse(block));

test("the README's table can be deployed as it stands", () => {
  expect(tables).toHaveLength(1);
  for (const table of tables) {
    const config = parseConfig(table);
    expect(config.ok ? [] : config.error.map(sentence)).toEqual([]);
  }
});

test("the README's commands are those that there are, each with its options", () => {
  const named = [...readme.matchAll(/npm (?:run )?([a-z]+(?::[a-z]+)*)/g)]
    .map(([, name = ""]) => name)
    .filter((name) => name !== "ci");
  expect(named.filter((name) => !scripts.includes(name))).toEqual([]);
  const rows = [...readme.matchAll(/^\| `npm (?:run )?([a-z:]+)[^`]*` \| (.+) \|$/gm)];
  const all = ["start", "pay", "check", "explain", "doctor", "reconcile", "bundle", "demo:llm", "docs", "test"];
  expect(rows.map(([, name]) => name)).toEqual(all);
  for (const [, name = "", words = ""] of rows) {
    const told = [...words.matchAll(/--([a-z0-9-]+)/g)].map(([, option]) => option);
    expect(told.toSorted(), name).toEqual(optionsOf(name).toSorted());
  }
});

/** Those that its source gives to the parser of the command line. */
function optionsOf(script: string): readonly string[] {
  const [, file] = /(tools\/\w+\.ts)/.exec(commands[script] ?? "") ?? [];
  const source = file === undefined ? "" : readFileSync(join(root, file), "utf8");
  return [...source.matchAll(/([a-z0-9-]+)"?: \{ type: "(?:string|boolean)"/g)].map(([, option = ""]) => option);
}

test("the README links only to files that there are", () => {
  const links = [...readme.matchAll(/\]\(((?!https?:|#)[^)#]+)/g)].map(([, name = ""]) => name);
  expect(links).toContain("docs/pricing.md");
  expect(links.filter((name) => !existsSync(join(root, name)))).toEqual([]);
});

test("what the README says of the table in short holds", () => {
  const config = parseConfig({
    ...tables[0],
    routes: { "/a": "$2.01", "GET /a/:x": "free", "/b/*": "free", "POST /c": "$1", "/*": "free", "/d": "free" },
  });
  if (!config.ok) return expect.fail(config.error.map(sentence).join());
  const { matcher } = config.value;
  const meaning = (method: string, path: string): string => {
    const target = parseTarget(`https://api.example.com${path}`);
    if (!target.ok) return target.error.reason;
    const match = matcher.match(method, target.value);
    return match.kind === "route" ? match.route.key : match.kind;
  };
  expect(meaning("GET", "/A/")).toBe("/a");
  expect(meaning("GET", "/a/1")).toBe("GET /a/:x");
  expect(meaning("GET", "/a/1/2")).toBe("/a");
  expect(meaning("GET", "/c/below")).toBe("method_not_allowed");
  expect(meaning("GET", "/d/below")).toBe("/*");
  for (const odd of ["/a//b", "/a%2fb", "/a/../b", "/a;b"]) expect(meaning("GET", odd), odd).toBe("invalid_path");
  const { access } = config.value.routes[0] ?? expect.fail("there is no route");
  expect(access.kind === "paid" && access.offer.terms[0]?.requirements.amount).toBe("2010000");
  const wrong = parseConfig({ ...tables[0], routes: { "/a": "$0.0000001" } });
  expect(wrong.ok).toBe(false);
});

test("the project's own table can be deployed", () => {
  const config = parseConfig(JSON.parse(readFileSync(join(root, "pricing.json"), "utf8")));
  expect(config.ok).toBe(true);
});

describe("what the README asks the books", () => {
  const queries = [...readme.matchAll(/^ {4}(SELECT [^;]+?)\n\n/gm)].map(([, query = ""]) => query);
  const answers = (rows: readonly (readonly [pay: string, delivery: string])[]): readonly number[] => {
    const db = new DatabaseSync(":memory:");
    db.exec(BOOKS_TABLE);
    const insert = db.prepare(
      "INSERT INTO payments VALUES (?, 'n', 'a', 'p', 't', '10000', ?, ?, 'GET /a', NULL, 'f', 1, 1, 1, NULL)",
    );
    for (const [i, [pay, delivery]] of rows.entries()) insert.run(String(i), pay, delivery);
    return queries.map((query) => db.prepare(query).all().length);
  };

  test("is three questions that can be asked", () => {
    expect(queries).toHaveLength(3);
    expect(answers([])).toEqual([0, 0, 0]);
  });

  test("is what came in, what buyers still have to get, and what is owed or needs a look", () => {
    const delivered = [
      ["settled", "delivered"],
      ["settled", "redeemed"],
      ["settled", "expired"],
    ] as const;
    expect(answers(delivered)).toEqual([1, 0, 0]);
    expect(
      answers([
        ["settled", "undelivered"],
        ["settled", "truncated"],
      ]),
    ).toEqual([1, 2, 0]);
    expect(
      answers([
        ["owed", "delivered"],
        ["unknown", "none"],
        ["undetermined", "none"],
        ["failed", "delivered"],
      ]),
    ).toEqual([0, 0, 4]);
    expect(
      answers([
        ["failed", "none"],
        ["rejected", "none"],
        ["uncharged", "none"],
        ["written_off", "delivered"],
      ]),
    ).toEqual([0, 0, 0]);
  });
});

test("the README names each way to settle, and no key of the table that there is not", () => {
  const ways = [...readme.matchAll(/^\| `"(\w+)"`/gm)].map(([, way]) => way);
  expect(ways).toEqual(["after", "before", "async"]);
  for (const key of [
    "maxUnsettled",
    "maxUnsettledTotal",
    "maxInFlight",
    "maxUncharged",
    "creditDays",
    "debtDays",
    "rpc",
  ]) {
    expect(Object.keys(tableEntries)).toContain(key);
    expect(readme).toContain(key);
  }
});
