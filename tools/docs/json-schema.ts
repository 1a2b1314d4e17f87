// `pricing.schema.json`: what JSON Schema can say of the pricing table, for editors. The rest, such as a checksum or a
// wrong route, is left out; `npm run check` tells it.

import { type JsonSchema, toJsonSchema } from "@valibot/to-json-schema";
import type * as v from "valibot";
import { pricingTable } from "../../src/config/schema.ts";
import { definitions, type Part, shapes } from "./shape.ts";
import { type Words, words } from "./words.ts";

export function pricingSchema(): JsonSchema {
  const schema = toJsonSchema(pricingTable, {
    // Each object stands behind a check that refuses lists, and the mode "input" would end there. No step of a pipe
    // changes a value's shape, so the whole pipe says what can be written.
    typeMode: "ignore",
    errorMode: "ignore",
    definitions,
    overrideSchema: ({ valibotSchema, jsonSchema }) => describe(valibotSchema, jsonSchema),
  });
  const { $schema = "", ...rest } = schema;
  return { $schema, title: "Faregate's pricing table", ...rest };
}

/** An object that we have words for, with the descriptions of its keys. */
function describe(schema: v.GenericSchema, { properties, ...json }: JsonSchema): JsonSchema | null {
  const part = schema.type === "strict_object" && properties ? partOf(Object.keys(properties)) : undefined;
  if (part === undefined || properties === undefined) return null;
  const texts: { readonly [key: string]: Words } = words[part];
  const described = Object.entries(properties).map(([key, value]) => [
    key,
    { description: plain(texts[key]?.means ?? ""), ...(value as JsonSchema) },
  ]);
  return { ...json, properties: Object.fromEntries(described) };
}

function partOf(keys: readonly string[]): Part | undefined {
  const parts = Object.entries(shapes) as readonly (readonly [Part, object])[];
  return parts.find(([, entries]) => String(Object.keys(entries)) === String(keys))?.[0];
}

/** An editor shows these as they are, beside no other chapter. */
const plain = (markdown: string): string =>
  markdown.replace(/ See \[[^.]*\.$/, "").replaceAll(/\[([^\]]+)\]\([^)]*\)|`/g, "$1");
