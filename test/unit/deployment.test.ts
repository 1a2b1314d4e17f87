// docs/deployment.md against wrangler.toml, the gate's own limits and its words.

import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { describe, expect, test } from "vitest";
import { unstable_readConfig } from "wrangler";
import { parseConfig } from "../../src/config/index.ts";
import { refusalOf } from "../../src/outcome/refusal.ts";
import type { Invitation, Problem } from "../../src/problem.ts";
import { METHODS } from "../../src/route/index.ts";
import { readPayment } from "../../src/x402/index.ts";
import { bindingMistakes } from "../../tools/bindings.ts";
import { table } from "./config/table.ts";

const root = join(import.meta.dirname, "../..");
const read = (name: string): string => readFileSync(join(root, name), "utf8");
const guide = read("docs/deployment.md");
const wranglerToml = read("wrangler.toml");

const chapter = (title: string): string => guide.split(`\n## ${title}\n`)[1]?.split("\n## ")[0] ?? expect.fail(title);

/** The cells of the rows that begin with code. */
const rowsOf = (text: string): readonly (readonly string[])[] =>
  [...text.matchAll(/^\| (`.+) \|$/gm)].map(([, row = ""]) => row.split(" | "));

const blocks = (kind: string): readonly string[] =>
  [...guide.matchAll(new RegExp(`\`\`\`${kind}\\n([\\s\\S]+?)\`\`\``, "g"))].map(([, text = ""]) => text.trim());

function configOf(env: string | undefined, text = wranglerToml) {
  const directory = mkdtempSync(join(tmpdir(), "faregate-deployment-test-"));
  try {
    const config = join(directory, "wrangler.toml");
    writeFileSync(config, text);
    return unstable_readConfig({ config, ...(env !== undefined && { env }) }, { hideWarnings: true });
  } finally {
    rmSync(directory, { recursive: true });
  }
}

function bindingsOf(env: string | undefined, text = wranglerToml): readonly string[] {
  const { kv_namespaces, d1_databases, ratelimits, durable_objects } = configOf(env, text);
  const bound = [...kv_namespaces, ...d1_databases].map(({ binding }) => binding);
  return [...bound, ...[...(ratelimits ?? []), ...durable_objects.bindings].map(({ name }) => name)].toSorted();
}

const ENVIRONMENTS = [undefined, "testnet", "production"] as const;

describe("what the guide says of wrangler.toml", () => {
  const names = chapter("Environments and names");

  test.each(ENVIRONMENTS)("its bindings are those of the environment %s", (env) => {
    const told = rowsOf(names.split("| binding |")[1] ?? "").map(([name = ""]) => name.replaceAll("`", ""));
    expect(told.toSorted()).toEqual(bindingsOf(env));
  });

  test("what it adds for a service is what the check asks for", () => {
    const [block = ""] = blocks("toml");
    const config = parseConfig({ ...table, upstream: { url: "https://legacy.internal", service: "LEGACY" } });
    const asked = config.ok ? bindingMistakes(config.value) : [];
    expect(asked.map((text) => text.replaceAll(/^ +/gm, ""))).toContainEqual(expect.stringContaining(block));
  });

  test("its environments have these names, and there are no others", () => {
    const told = [...names.matchAll(/^\| (none|`\w+`) \| `([\w-]+)` \|/gm)].map(([, env, name]) => [env, name]);
    expect(told).toEqual(ENVIRONMENTS.map((env) => [env ? `\`${env}\`` : "none", configOf(env).name]));
    const written = [...wranglerToml.matchAll(/^\[env\.(\w+)\]$/gm)].map(([, env]) => env);
    expect(written).toEqual(ENVIRONMENTS.slice(1));
  });

  test("the class of its books is the one that there is", () => {
    const { durable_objects, migrations, observability } = configOf("production");
    expect(durable_objects.bindings).toMatchObject([
      { name: "LEDGER", class_name: "Ledger" },
      { name: "RELAYER", class_name: "Relayer" },
    ]);
    expect(migrations).toEqual([
      { tag: "v1", new_sqlite_classes: ["Ledger"] },
      { tag: "v2", new_sqlite_classes: ["Relayer"] },
    ]);
    expect(observability?.enabled).toBe(true);
  });

  test("its lines for production can be written there, and change nothing else", () => {
    const [, domain = "", route = ""] = blocks("toml");
    const off = domain.split("\n").slice(0, 2).join("\n");
    const written = (lines: string) => wranglerToml.replace("[env.production]\n", `[env.production]\n${lines}\n`);
    const before = configOf("production");
    expect([before.workers_dev, before.routes]).toEqual([true, undefined]);
    expect(configOf("production", written(domain))).toMatchObject({
      ...{ name: before.name, workers_dev: false, preview_urls: false, migrations: before.migrations },
      routes: [{ pattern: "api.example.com", custom_domain: true }],
    });
    expect(configOf("production", written(`${off}\n${route}`))).toMatchObject({
      ...{ workers_dev: false, routes: [{ pattern: "api.example.com/*", zone_name: "example.com" }] },
    });
    expect(bindingsOf("production", written(domain))).toEqual(bindingsOf("production"));
    expect(configOf("testnet", written(domain)).workers_dev).toBe(true);
  });
});

describe("the guide's commands", () => {
  test("of npm are those that there are", () => {
    const named = [...guide.matchAll(/npm run ([a-z:]+)/g)].map(([, name = ""]) => name);
    expect(named.length).toBeGreaterThan(4);
    expect(named.filter((name) => !(name in JSON.parse(read("package.json")).scripts))).toEqual([]);
  });

  test("of wrangler name an environment that there is, where they touch a gate", () => {
    const commands = [...guide.matchAll(/npx wrangler (?!login|deploy` alone)[^`\n]+/g)].map(([command]) => command);
    expect(commands.length).toBeGreaterThan(8);
    for (const command of commands) expect(command).toMatch(/ --env (testnet|production)\b/);
  });
});

describe("the guide's rules", () => {
  const expressions = [
    ...blocks("txt"),
    ...[...guide.matchAll(/`([^`]*\bhttp\.[^`]+)`/g)].map(([, text = ""]) => text),
  ];
  const rule = (part: string): string => expressions.find((text) => text.includes(part)) ?? expect.fail(part);

  test("are about hosts of the guide's, in fields of the Rules language, with every bracket closed", () => {
    expect(expressions.length).toBeGreaterThan(6);
    for (const expression of expressions) {
      const fields = expression.match(/\b(?:http\.[a-z_.]+|ssl)\b/g) ?? [];
      expect(FIELDS).toEqual(expect.arrayContaining([...new Set(fields)]));
      for (const [open, close] of ["()", "[]", "{}"].map((pair) => [...pair])) {
        expect(expression.split(open ?? "").length, expression).toBe(expression.split(close ?? "").length);
      }
      expect(expression.split('"').length % 2, expression).toBe(1);
    }
  });

  test("let every header through that the gate takes for a payment, and the longer ones not", () => {
    const [, most = ""] = /headers\.values\[\*\]\)\[\*\] gt (\d+)/.exec(rule("headers.values")) ?? [];
    const lengthOf = (length: number) => readPayment(new Headers({ "payment-signature": "x".repeat(length) }));
    const tooLarge = { reason: "payment_header_too_large", bytesMax: Number(most) };
    expect(lengthOf(Number(most) + 1)).toEqual({ ok: false, error: tooLarge });
    expect(lengthOf(Number(most))).not.toMatchObject({ error: { reason: tooLarge.reason } });
  });

  test("count the answers to who does not pay, and none to who does", () => {
    const [, statuses = ""] = /http\.response\.code in \{([^}]+)\}/.exec(rule("http.response.code")) ?? [];
    const invitation = {} as Invitation;
    const unpaid: readonly Problem[] = [
      { reason: "invalid_payload", detail: "" },
      { reason: "payment_required", invitation },
      { reason: "payment_refused", code: "", invitation },
      { reason: "payment_header_too_large", bytesMax: 0 },
    ];
    const told = new Set(unpaid.map((problem) => refusalOf(problem).status));
    expect(statuses.split(" ").map(Number)).toEqual([...told]);
  });

  test("let those methods through that a key can name", () => {
    const [, methods = ""] = /http\.request\.method in \{([^}]+)\}/.exec(rule("http.request.method")) ?? [];
    const named = [...methods.matchAll(/"(\w+)"/g)].map(([, method = ""]) => method);
    expect(named.toSorted()).toEqual([...METHODS, "HEAD"].toSorted());
  });
});

/** https://developers.cloudflare.com/ruleset-engine/rules-language/fields/reference/ */
const FIELDS = [
  "http.host",
  "http.request.headers.names",
  "http.request.headers.truncated",
  "http.request.headers.values",
  "http.request.method",
  "http.request.uri.path",
  "http.response.code",
  "ssl",
];

test("what the guide has its reader watch are words that the gate says", () => {
  const words = rowsOf(chapter("Watching")).flatMap(([names = ""]) => names.replaceAll("`", "").split(", "));
  const ofRelayers = ["relayer_low", "relayer_reverted"] as const;
  const said: readonly (Problem["reason"] | (typeof ofRelayers)[number])[] = [
    "misconfigured",
    "internal_error",
    "ledger_unavailable",
    "facilitator_unavailable",
    "facilitator_unknown",
    ...ofRelayers,
    "settlement_unknown",
    "paid_undelivered",
    "upstream_unreachable",
    "upstream_timeout",
    "payment_required",
  ];
  expect(words.slice(1)).toEqual(said);
  const source = ["funds", "settlement"].map((name) => read(`src/direct/${name}.ts`)).join();
  for (const event of ofRelayers) expect(source).toContain(`event: "${event}"`);
});

test("the guide's keys of the table can be written", () => {
  const [, text = ""] = /^ {6}(\{ "upstream".+\})$/m.exec(guide) ?? [];
  const config = parseConfig({ ...table, ...JSON.parse(text) });
  expect(config.ok && config.value.hosts).toEqual([{ host: "api.example.com", proto: "https" }]);
});

test("the guide links only to files and chapters that there are", () => {
  const slug = (title: string): string =>
    title
      .toLowerCase()
      .replace(/[^\w -]/g, "")
      .replaceAll(" ", "-");
  const links = [...guide.matchAll(/\]\(((?!https:)[^)]+)\)/g)].map(([, link = ""]) => link);
  expect(links.length).toBeGreaterThan(10);
  for (const link of links) {
    const [file = "", anchor] = link.split("#");
    const path = join("docs", file === "" ? "deployment.md" : file);
    expect(existsSync(join(root, path)), link).toBe(true);
    if (anchor === undefined) continue;
    const titles = [...read(path).matchAll(/^#+ (.+)$/gm)].map(([, title = ""]) => slug(title));
    expect(titles, `${dirname(path)} ${link}`).toContain(anchor);
  }
});
