import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { describe, expect, test } from "vitest";
import { parseConfig } from "../../../src/config/index.ts";
import { bindingMistakes, bindingWarnings, wranglerFile } from "../../../tools/bindings.ts";
import { table } from "../config/table.ts";

const own = readFileSync(wranglerFile, "utf8");

/** What is told of a wrangler.toml with that text. */
function told<T>(text: string, tell: (file: string) => T): T {
  const file = join(mkdtempSync(join(tmpdir(), "faregate-bindings-test-")), "wrangler.toml");
  writeFileSync(file, text);
  try {
    return tell(file);
  } finally {
    rmSync(dirname(file), { recursive: true });
  }
}

function mistakes(changes: object, text = own): readonly string[] {
  const config = parseConfig({ ...table, ...changes });
  return config.ok
    ? told(text, (file) => bindingMistakes(config.value, file))
    : expect.fail(JSON.stringify(config.error));
}

/** Without one of its entries. */
const without = (list: string, name: string): string =>
  own.replace(new RegExp(`\\[\\[${list.replaceAll(".", "\\.")}\\]\\]\\n\\w+ = "${name}"\\n(\\w.*\\n)*`), "");

const direct = { facilitators: [{ direct: { key: "{{RELAYER_KEY}}", rpc: "https://rpc.example.com" } }] };
const service = { upstream: { url: "https://legacy.internal", service: "LEGACY" } };

describe("the project's own wrangler.toml", () => {
  test("has what a table needs, and one that settles by itself", () => {
    expect(mistakes({})).toEqual([]);
    expect(mistakes(direct)).toEqual([]);
    expect(bindingWarnings()).toEqual([]);
  });
});

describe("a binding that is missing is told with what to add, and where:", () => {
  test.each<[string, object, string, string]>([
    [
      "the ledger",
      {},
      without("env.production.durable_objects.bindings", "LEDGER"),
      'wrangler.toml, env production: the binding LEDGER is missing; add\n      [[env.production.durable_objects.bindings]]\n      name = "LEDGER"\n      class_name = "Ledger"',
    ],
    [
      "in the local environment",
      {},
      without("kv_namespaces", "SPENT"),
      'wrangler.toml: the binding SPENT is missing; add\n      [[kv_namespaces]]\n      binding = "SPENT"',
    ],
    [
      "the account of one's own, where the table has one",
      direct,
      without("env.testnet.durable_objects.bindings", "RELAYER"),
      'wrangler.toml, env testnet: the binding RELAYER is missing, which a facilitator of your own ("direct") needs; add\n      [[env.testnet.durable_objects.bindings]]\n      name = "RELAYER"\n      class_name = "Relayer"',
    ],
    [
      "of another kind",
      {},
      own.replace(
        '[[env.production.kv_namespaces]]\nbinding = "SPENT"',
        '[[env.production.services]]\nbinding = "SPENT"\nservice = "x"',
      ),
      'wrangler.toml, env production: the binding SPENT is missing; add\n      [[env.production.kv_namespaces]]\n      binding = "SPENT"',
    ],
  ])("%s", (_, changes, text, mistake) => {
    expect(text).not.toBe(own);
    expect(mistakes(changes, text)).toEqual([mistake]);
  });

  test("the account of one's own is nobody else's need", () => {
    expect(mistakes({}, own.replaceAll('"RELAYER"', '"OTHER"'))).toEqual([]);
  });

  test("an upstream's service in each environment, once for all of its upstreams", () => {
    const block =
      'add\n      [[env.production.services]]\n      binding = "LEGACY"\n      service = "the name of that Worker"';
    const named = {
      ...service,
      routes: { "/a": { price: "$1", upstream: { url: "https://b.internal", service: "LEGACY" } } },
    };
    const all = mistakes(named);
    expect(all).toHaveLength(3);
    expect(all[2]).toContain("env production: the binding LEGACY is missing, which the upstream https://");
    expect(all[2]).toContain(block);
  });

  test("until it is added as it says", () => {
    const added = mistakes(service).map((text) => text.split("add\n")[1]?.replaceAll(/^ +/gm, ""));
    expect(mistakes(service, `${own}\n${added.join("\n\n")}\n`)).toEqual([]);
  });
});

test("books that are missing are a warning alone", () => {
  const text = without("env.production.d1_databases", "BOOKS");
  expect(mistakes({}, text)).toEqual([]);
  const [warning = "", ...others] = told(text, bindingWarnings);
  expect(warning).toContain("env production: the binding BOOKS is missing; add\n      [[env.production.d1_databases]]");
  expect(others).toEqual([]);
});
