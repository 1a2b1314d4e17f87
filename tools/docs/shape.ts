// The parts of the pricing table's schema, as objects of keys: what the reference has a chapter for each.

import type * as v from "valibot";
import { authObject, cdpObject } from "../../src/config/auth.ts";
import { quotedObject, selectorObject, selectorOf } from "../../src/config/computed.ts";
import { meteredObject, rateObject } from "../../src/config/meter.ts";
import {
  atomicObject,
  computedObject,
  directObject,
  facilitator,
  facilitatorObject,
  optionObject,
  routeEntries,
  signingKey,
  signingKeyObject,
  tableEntries,
  token,
  tokenObject,
  upstreamObject,
} from "../../src/config/schema.ts";

type ObjectSchema = v.GenericSchema & { readonly entries: v.ObjectEntries };

/** The schema behind the check that refuses lists, which its type does not tell of. */
export const behindCheck = (schema: unknown): v.GenericSchema | undefined => {
  const [check, shape] = (schema as { readonly pipe?: readonly v.GenericSchema[] }).pipe ?? [];
  return check?.type === "custom" && shape?.kind === "schema" ? shape : undefined;
};

const entriesOf = <Schema extends { readonly entries: v.ObjectEntries }>(schema: Schema): Schema["entries"] =>
  (behindCheck(schema) as unknown as ObjectSchema).entries;

export const shapes = {
  table: tableEntries,
  route: routeEntries,
  upstream: entriesOf(upstreamObject),
  signingKey: entriesOf(signingKeyObject),
  facilitator: entriesOf(facilitatorObject),
  direct: entriesOf(directObject),
  auth: entriesOf(authObject),
  cdp: entriesOf(cdpObject),
  option: entriesOf(optionObject),
  token: entriesOf(tokenObject),
  atomic: entriesOf(atomicObject),
  metered: entriesOf(meteredObject),
  rate: entriesOf(rateObject),
  computed: entriesOf(computedObject),
  selector: entriesOf(selectorObject),
  quoted: entriesOf(quotedObject),
};

export type Part = keyof typeof shapes;

/** Shared by several places of the table, so that the JSON Schema says each once. */
export const definitions = {
  upstream: upstreamObject,
  signingKey,
  facilitator,
  option: optionObject,
  token,
  atomic: atomicObject,
  metered: meteredObject,
  computed: computedObject,
  selector: selectorOf,
  quoted: quotedObject,
};

/** What holds where the key is left out; undefined where the schema names nothing. */
export const defaultOf = (entry: v.GenericSchema): unknown => (entry as { readonly default?: unknown }).default;

export const isRequired = (entry: v.GenericSchema): boolean => entry.type !== "optional";
