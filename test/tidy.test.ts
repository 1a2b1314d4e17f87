// The house rules, held by tests so that nobody has to remember them. Each rule comes with sources that break it: one
// that finds nothing wrong there guards nothing.

import { posix } from "node:path";
import { analyse } from "scslre";
import type { Node } from "typescript/unstable/ast";
import {
  isArrowFunction,
  isCallExpression,
  isConstructorDeclaration,
  isElementAccessExpression,
  isFunctionDeclaration,
  isFunctionExpression,
  isGetAccessorDeclaration,
  isIdentifier,
  isImportSpecifier,
  isMetaProperty,
  isMethodDeclaration,
  isNewExpression,
  isPropertyAccessExpression,
  isRegularExpressionLiteral,
  isSetAccessorDeclaration,
  isStringLiteral,
  SyntaxKind,
} from "typescript/unstable/ast";
import { describe, expect, test } from "vitest";
import { lineAt, nodesOf, parseSources, readTexts, type Source } from "./support/sources.ts";

/** Rooms of one level do not import each other. */
const LEVELS = [
  ["std"],
  ["x402"],
  ["problem"],
  ["schemes", "outcome"],
  ["route", "tariff"],
  ["metering"],
  ["facilitator", "ledger", "chain", "upstream"],
  ["direct"],
  ["config"],
  ["gateway"],
  ["log"],
  ["features"],
  ["index"],
];

const DOOR = "index";

/** Where a package is imported, and nowhere else. `pricing` is the operator's table, `features` what it needs. */
const HOMES: { readonly [name: string]: readonly string[] } = {
  pricing: [DOOR],
  features: [DOOR],
  "cloudflare:workers": [DOOR, "ledger", "direct"],
  viem: ["schemes", "chain", "direct"],
  "@bitauth/libauth": ["schemes"],
  "#advice": ["config"],
  "#secp256k1": ["schemes"],
  "@noble/curves": ["schemes"],
  "@noble/hashes": ["schemes"],
  valibot: ["config"],
  jose: ["facilitator"],
};

const FUNCTION_LINES_MAX = 70;
const FILE_LINES_EXPECTED = 130;
const EMPTY_NAMES = ["utils", "util", "helpers", "helper", "common", "manager", "service", "data", "info"];

/** The first part of the path below `src/`: a folder or a file. */
const roomOf = (path: string): string => path.split("/")[1]?.replace(/\.ts$/, "") ?? "";
const levelOf = (path: string): number => LEVELS.findIndex((rooms) => rooms.includes(roomOf(path)));
const isDoor = ({ path }: Source): boolean => path === "src/index.ts";
const isFace = (path: string): boolean => /^src\/[^/]+\/index\.ts$/.test(path);

interface Finding {
  readonly node: Node;
  readonly what: string;
}

interface Import extends Finding {
  readonly name: string;
  /** The file that is meant, or null for a package. */
  readonly target: string | null;
}

function importsOf({ path, tree }: Source): readonly Import[] {
  return tree.imports.filter(isStringLiteral).map((node) => {
    const target = node.text.startsWith(".") ? posix.join(posix.dirname(path), node.text) : null;
    return { node, name: node.text, what: `imports ${node.text}`, target };
  });
}

function find(source: Source, what: (node: Node) => string | null): readonly Finding[] {
  return [...nodesOf(source.tree)].flatMap((node) => {
    const found = what(node);
    return found === null ? [] : [{ node, what: found }];
  });
}

/** `Date.now` for `Date.now`, `now` for `getClock().now`; null for what is no access to a member. */
function memberOf(node: Node): { readonly owner: string; readonly name: string } | null {
  if (isPropertyAccessExpression(node)) return { owner: textOf(node.expression), name: node.name.text };
  if (isElementAccessExpression(node)) return { owner: textOf(node.expression), name: textOf(node.argumentExpression) };
  return null;
}

const textOf = (node: Node): string => (isIdentifier(node) || isStringLiteral(node) ? node.text : "");

function calledName(node: Node): string | null {
  return isCallExpression(node) ? (memberOf(node.expression)?.name ?? textOf(node.expression)) : null;
}

function clockOrChance(node: Node): string | null {
  if (isNewExpression(node) && textOf(node.expression) === "Date") return "reads the clock";
  if (isIdentifier(node) && ["randomUUID", "getRandomValues"].includes(node.text)) return "reads randomness";
  const member = memberOf(node);
  if (member?.owner === "Math" && member.name === "random") return "reads randomness";
  return member?.name === "now" && ["Date", "performance"].includes(member.owner) ? "reads the clock" : null;
}

function environment(node: Node): string | null {
  const member = memberOf(node);
  const isRead = member !== null && (member.name === "env" || member.owner === "env");
  const isImported = isImportSpecifier(node) && (node.propertyName ?? node.name).text === "env";
  return isRead || isImported || isMetaProperty(node) ? "reads the environment" : null;
}

const isFunction = (node: Node): boolean =>
  isFunctionDeclaration(node) ||
  isFunctionExpression(node) ||
  isArrowFunction(node) ||
  isMethodDeclaration(node) ||
  isConstructorDeclaration(node) ||
  isGetAccessorDeclaration(node) ||
  isSetAccessorDeclaration(node);

function tooLong({ text }: Source, node: Node): string | null {
  if (!isFunction(node)) return null;
  const lines = lineAt(text, node.getEnd()) - lineAt(text, node.getStart()) + 1;
  return lines > FUNCTION_LINES_MAX ? `is a function of ${lines} lines` : null;
}

/** By the form of the expression: what it is tried on may come from anybody. */
function slow(node: Node): string | null {
  if (isNewExpression(node) && textOf(node.expression) === "RegExp")
    return "builds an expression that nobody can judge";
  if (!isRegularExpressionLiteral(node)) return null;
  const [, source = "", flags = ""] = /^\/(.*)\/([a-z]*)$/s.exec(node.text) ?? [];
  return analyse({ source, flags }).reports.length > 0 ? `tries ${node.text} in more than linear time` : null;
}

interface Rule {
  readonly title: string;
  readonly find: (source: Source) => readonly Finding[];
  /** Sources that break it, each in one place. */
  readonly breaches: readonly (readonly [path: string, text: string])[];
}

const rules: readonly Rule[] = [
  {
    title: "imports go down only",
    find: (source) =>
      importsOf(source).filter(({ target }) => {
        if (target === null || !target.startsWith("src/") || roomOf(target) === roomOf(source.path)) return false;
        return levelOf(target) >= levelOf(source.path);
      }),
    breaches: [
      ["src/std/json.ts", 'import { networks } from "../x402/index.ts";'],
      ["src/x402/amount.ts", 'import type { Problem } from "../problem.ts";'],
      ["src/schemes/check.ts", 'export * from "../outcome/index.ts";'],
      ["src/route/path.ts", 'const books = await import("../ledger/index.ts");'],
      ["src/upstream/upstream.ts", 'type Facilitator = import("../facilitator/index.ts").Facilitator;'],
      ["src/chain/chain.ts", 'import type { PaymentState } from "../ledger/index.ts";'],
      ["src/ledger/ledger.ts", 'import { buildChain } from "../chain/index.ts";'],
      ["src/problem.ts", 'import "./log.ts";'],
      ["src/log.ts", 'import worker from "./index.ts";'],
      ["src/gateway/gate.ts", 'import features from "../features.ts";'],
    ],
  },
  {
    title: "every room has its place in the order",
    find: (source) => (levelOf(source.path) < 0 ? [{ node: source.tree, what: `is in ${roomOf(source.path)}` }] : []),
    breaches: [
      ["src/pages/usage.ts", "export const a = 1;"],
      ["src/clock.ts", "export const a = 1;"],
    ],
  },
  {
    title: "nobody imports past a room's face",
    find: (source) =>
      importsOf(source).filter(({ target }) => {
        if (target === null || !target.startsWith("src/") || roomOf(target) === roomOf(source.path)) return false;
        return !isFace(target) && target.split("/").length > 2;
      }),
    breaches: [
      ["src/x402/amount.ts", 'import { ok } from "../std/result.ts";'],
      ["src/log.ts", 'import type { Gate } from "./gateway/gate.ts";'],
      ["src/gateway/gate.ts", 'import { buildEndpoints } from "../chain/rpc.ts";'],
      ["src/index.ts", 'export { Ledger } from "./ledger/ledger.ts";'],
    ],
  },
  {
    title: "src imports nothing beside it",
    find: (source) => importsOf(source).filter(({ target }) => target !== null && !target.startsWith("src/")),
    breaches: [
      ["src/index.ts", 'import { textMistakes } from "../tools/pricing-file.ts";'],
      ["src/std/json.ts", 'import { PAY_TO } from "../../test/support/payment.ts";'],
      ["src/index.ts", 'import pricing from "../pricing.json";'],
    ],
  },
  {
    title: "every package has its home",
    find: (source) =>
      importsOf(source).filter(({ target, name }) => {
        const home = Object.keys(HOMES).find((known) => name === known || name.startsWith(`${known}/`)) ?? "";
        return target === null && !HOMES[home]?.includes(roomOf(source.path));
      }),
    breaches: [
      ["src/outcome/respond.ts", 'import { Hono } from "hono";'],
      ["src/outcome/respond.ts", 'import { html } from "hono/html";'],
      ["src/x402/payment-id.ts", 'import { getAddress } from "viem";'],
      ["src/ledger/books.ts", 'import { keccak256 } from "viem";'],
      ["src/route/key.ts", 'import * as v from "valibot";'],
      ["src/gateway/gate.ts", 'import { waitUntil } from "cloudflare:workers";'],
      ["src/config/config.ts", 'import pricing from "pricing";'],
      ["src/gateway/gate.ts", 'import features from "features";'],
      ["src/upstream/signature.ts", 'import { SignJWT } from "jose";'],
      ["src/std/base64.ts", 'import { Buffer } from "node:buffer";'],
      ["src/schemes/eip3009.ts", 'import secp from "secp256k1";'],
    ],
  },
  {
    title: "only the facilitator, the chain and the upstream are fetched",
    find: (source) =>
      ["facilitator", "chain", "upstream"].includes(roomOf(source.path))
        ? []
        : find(source, (node) => (calledName(node) === "fetch" ? "calls fetch" : null)),
    breaches: [
      ["src/x402/networks.ts", 'export const chains = fetch("https://h");'],
      ["src/ledger/ledger.ts", 'globalThis.fetch("https://h");'],
      ["src/schemes/check.ts", 'fetch("https://rpc");'],
      ["src/gateway/handle.ts", 'fetcher?.fetch("https://h");'],
      ["src/index.ts", 'globalThis["fetch"]("https://h");'],
    ],
  },
  {
    title: "clock and randomness enter at the door",
    find: (source) => (isDoor(source) ? [] : find(source, clockOrChance)),
    breaches: [
      ["src/ledger/state.ts", "export const now = Date.now();"],
      ["src/chain/fate.ts", "export const now = Date.now();"],
      ["src/gateway/gate.ts", "export const clock = { nowMs: Date.now };"],
      ["src/log.ts", "export const at = new Date();"],
      ["src/log.ts", "export const at = performance.now();"],
      ["src/gateway/admit.ts", "export const id = Math.random();"],
      ["src/gateway/admit.ts", "export const id = crypto.randomUUID();"],
      ["src/gateway/admit.ts", "const { randomUUID } = crypto;"],
      ["src/gateway/admit.ts", "crypto.getRandomValues(new Uint8Array(16));"],
    ],
  },
  {
    title: "the environment enters at the door",
    find: (source) => (isDoor(source) ? [] : find(source, environment)),
    breaches: [
      ["src/ledger/ledger.ts", 'import { env } from "cloudflare:workers";'],
      ["src/ledger/ledger.ts", 'import { env as bindings } from "cloudflare:workers";'],
      ["src/ledger/ledger.ts", "class Ledger { look() { return this.env; } }"],
      ["src/std/secrets.ts", "export const key = env.API_KEY;"],
      ["src/std/secrets.ts", "export const key = env[name];"],
      ["src/std/secrets.ts", 'export const key = process.env["KEY"];'],
      ["src/std/secrets.ts", "export const here = import.meta.url;"],
    ],
  },
  {
    title: "the gate fails closed: nothing is passed through on an exception",
    find: (source) => find(source, (node) => (textOf(node) === "passThroughOnException" ? "passes through" : null)),
    breaches: [
      ["src/index.ts", "c.executionCtx.passThroughOnException();"],
      ["src/index.ts", 'c.executionCtx["passThroughOnException"]();'],
    ],
  },
  {
    title: `no function is longer than ${FUNCTION_LINES_MAX} lines`,
    find: (source) => find(source, (node) => tooLong(source, node)),
    breaches: [
      ["src/log.ts", `function long() {${"\n".repeat(70)}}`],
      ["src/log.ts", `/** Before it. */\nexport const long = async () => {${"\n".repeat(70)}};`],
      ["src/log.ts", `const a = { long() {${"\n".repeat(70)}} };`],
      ["src/log.ts", `class A {\n\n#long() {${"\n".repeat(70)}} }`],
      ["src/log.ts", `class A { constructor() {${"\n".repeat(70)}} }`],
    ],
  },
  {
    title: "no regular expression backtracks",
    find: (source) => find(source, slow),
    breaches: [
      ["src/route/path.ts", "export const a = /^(a+)+$/.test(text);"],
      ["src/route/path.ts", "export const a = /^\\d*,?\\d*$/.test(text);"],
      ["src/route/path.ts", 'export const a = text.replace(/\\s+$/, "");'],
      ["src/route/path.ts", "export const a = new RegExp(text);"],
    ],
  },
  {
    title: "every file begins by saying what it is",
    find: ({ path, text, tree }) => {
      const isSaid = isFace(path) || /^\/\/ \S.{20}/.test(text);
      return isSaid ? [] : [{ node: tree, what: "begins without a comment" }];
    },
    breaches: [
      ["src/log.ts", 'import type { Gate } from "./gateway/index.ts";\n// What an operator sees of a payment.'],
      ["src/index.ts", "export default {};"],
      ["src/log.ts", "// The log."],
    ],
  },
  {
    title: "nothing is left to do",
    find: ({ text, tree }) => (/\b(TODO|FIXME|XXX)\b/.test(text) ? [{ node: tree, what: "has something to do" }] : []),
    breaches: [
      ["src/log.ts", "// TODO: colours"],
      ["src/log.ts", 'throw new Error("TODO");'],
    ],
  },
  {
    title: "nothing is of any type",
    find: (source) => find(source, (node) => (node.kind === SyntaxKind.AnyKeyword ? "is of any type" : null)),
    breaches: [
      ["src/log.ts", "export const line: any = 1;"],
      ["src/log.ts", "export const line = (1 as any);"],
      ["src/log.ts", "export type Line = Map<string, any[]>;"],
    ],
  },
  {
    title: "a file's name is a noun in kebab-case that says something",
    find: ({ path, tree }) => {
      const words = path.slice("src/".length).replace(/\.ts$/, "").split(/[/.-]/);
      const isGood =
        /^src\/([a-z0-9-]+\/)*[a-z0-9-]+\.ts$/.test(path) && !words.some((word) => EMPTY_NAMES.includes(word));
      return isGood ? [] : [{ node: tree, what: "has such a name" }];
    },
    breaches: [
      ["src/std/utils.ts", ""],
      ["src/common/base64.ts", ""],
      ["src/ledger/ledger-manager.ts", ""],
      ["src/log-data.ts", ""],
      ["src/x402/paymentId.ts", ""],
      ["src/x402/payment_id.ts", ""],
    ],
  },
];

const found = (rule: Rule, sources: readonly Source[]): readonly string[] =>
  sources.flatMap((source) =>
    rule.find(source).map(({ node, what }) => `${source.path}:${lineAt(source.text, node.getStart())} ${what}`),
  );

const sources = parseSources(readTexts("src"));

describe("in the whole house", () => {
  test("there are files to look at", () => {
    expect(sources.length).toBeGreaterThan(50);
  });

  test.each(rules)("$title", (rule) => {
    expect(found(rule, sources)).toEqual([]);
  });
});

describe("a breach is found:", () => {
  const breaches = rules.flatMap((rule) => rule.breaches.map(([path, text]) => ({ rule, path, text })));
  const broken = parseSources(breaches);
  const cases = breaches.map(({ rule, path, text }, i) => {
    const [firstLine = ""] = text.split("\n");
    return [rule.title, path, firstLine, rule, broken.slice(i, i + 1)] as const;
  });

  test.each(cases)("%s, but %s says %s", (_, __, ___, rule, source) => {
    expect(found(rule, source)).toHaveLength(1);
  });
});

test("files that are longer than expected are printed: a reason to look, not a mistake", () => {
  const long = sources.filter(({ text }) => text.split("\n").length - 1 > FILE_LINES_EXPECTED);
  for (const { path, text } of long) console.info(`${path} has ${text.split("\n").length - 1} lines`);
});
