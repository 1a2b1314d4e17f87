// `docs/pricing.md`: prose from the template beside this file, and tables of keys from the schema and its words.

import { readFileSync } from "node:fs";
import { join } from "node:path";
import type * as v from "valibot";
import { networks } from "../../src/x402/index.ts";
import { defaultOf, isRequired, type Part, shapes } from "./shape.ts";
import { type Words, words } from "./words.ts";

const template = join(import.meta.dirname, "pricing.template.md");
const NOTE = "<!-- Written by `npm run docs`; the words are in tools/docs. -->\n\n";

export function pricingReference(): string {
  const text = readFileSync(template, "utf8");
  return (
    NOTE +
    text.replace(/^\{\{(\w+)\}\}$/gm, (_, name: string) =>
      name === "networks" ? networkTable() : keyTable(name as Part),
    )
  );
}

function keyTable(part: Part): string {
  const entries: { readonly [key: string]: v.GenericSchema } = shapes[part];
  const texts: { readonly [key: string]: Words } = words[part];
  return table(
    ["key", "type", "without it", "meaning", "example"],
    Object.entries(entries).map(([key, entry]) => {
      const { type = "", otherwise, means = "", example } = texts[key] ?? {};
      return [code(key), type, absence(entry, otherwise), means, code(oneLine({ [key]: example }).slice(2, -2))];
    }),
  );
}

function absence(entry: v.GenericSchema, otherwise: string | undefined): string {
  if (isRequired(entry)) return "required";
  const value = defaultOf(entry);
  return value === undefined ? (otherwise ?? "") : code(oneLine(value));
}

function networkTable(): string {
  return table(
    ["name", "CAIP-2", "token", "asset"],
    networks.map(({ names, network, token }) => [
      names.map(code).join(", "),
      code(network),
      token.name,
      code(token.asset),
    ]),
  );
}

const table = (head: readonly string[], rows: readonly (readonly string[])[]): string =>
  [head, head.map(() => "---"), ...rows].map((cells) => `| ${cells.join(" | ")} |`).join("\n");

const code = (text: string): string => `\`${text}\``;

/** JSON as people write it on one line. */
function oneLine(value: unknown): string {
  if (Array.isArray(value)) return `[${value.map(oneLine).join(", ")}]`;
  if (typeof value !== "object" || value === null) return JSON.stringify(value);
  const members = Object.entries(value).map(([key, member]) => `${JSON.stringify(key)}: ${oneLine(member)}`);
  return members.length > 0 ? `{ ${members.join(", ")} }` : "{}";
}
