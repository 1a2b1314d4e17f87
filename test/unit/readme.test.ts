import { existsSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { expect, test } from "vitest";
import { parseConfig, sentence } from "../../src/config/index.ts";
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
  const named = [...readme.matchAll(/npm (?:run )?([a-z]+)/g)]
    .map(([, name = ""]) => name)
    .filter((name) => name !== "ci");
  expect(named.filter((name) => !scripts.includes(name))).toEqual([]);
  const rows = [...readme.matchAll(/^\| `npm (?:run )?([a-z]+)[^`]*` \| (.+) \|$/gm)];
  expect(rows.map(([, name]) => name)).toEqual(["start", "pay", "check", "explain", "docs", "test"]);
  for (const [, name = "", words = ""] of rows) {
    const told = [...words.matchAll(/--([a-z0-9]+)/g)].map(([, option]) => option);
    expect(told.toSorted(), name).toEqual(optionsOf(name).toSorted());
  }
});

/** Those that its source gives to the parser of the command line. */
function optionsOf(script: string): readonly string[] {
  const [, file] = /(tools\/\w+\.ts)/.exec(commands[script] ?? "") ?? [];
  const source = file === undefined ? "" : readFileSync(join(root, file), "utf8");
  return [...source.matchAll(/\b([a-z0-9]+): \{ type: "(?:string|boolean)"/g)].map(([, option = ""]) => option);
}

test("the README links only to files that there are", () => {
  const links = [...readme.matchAll(/\]\(((?!https?:|#)[^)]+)\)/g)].map(([, name = ""]) => name);
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
