// The `price-quote` extension, our own: what a challenge quotes for a price that follows the request, until when, and for
// which call, under a MAC. Clients echo it as they echo every extension, so the gate keeps nothing; a payment that brings
// it back is taken at that price although the table says another one by now.

import { isObject, type JsonObject } from "../std/index.ts";

export const PRICE_QUOTE = "price-quote";

export interface PriceQuote {
  /** Dollars such as `$0.01`, or atomic units and their asset with a space between. */
  readonly price: string;
  /** Seconds since 1970. */
  readonly expires: number;
  /** SHA-256 of what is priced, in hexadecimal. */
  readonly call: string;
  readonly mac: string;
}

const TEXTS = ["price", "call", "mac"] as const;
const PROPERTIES = { price: "string", expires: "integer", call: "string", mac: "string" };

/** For readers of the challenge; an echo may leave it behind. */
const SCHEMA = {
  type: "object",
  properties: Object.fromEntries(Object.entries(PROPERTIES).map(([name, type]) => [name, { type }])),
  required: Object.keys(PROPERTIES),
};

/** What is advertised. */
export const priceQuote = (info: PriceQuote): JsonObject => ({ info, schema: SCHEMA });

/** Null where a client echoes none; undefined where what it echoes is none. */
export function readPriceQuote(extensions: JsonObject): PriceQuote | null | undefined {
  if (!Object.hasOwn(extensions, PRICE_QUOTE)) return null;
  const extension = extensions[PRICE_QUOTE];
  const info = isObject(extension) ? extension["info"] : null;
  if (!isObject(info) || !Number.isSafeInteger(info["expires"])) return undefined;
  return TEXTS.every((name) => typeof info[name] === "string") ? (info as unknown as PriceQuote) : undefined;
}

/** With the longest price: 30 digits and an address. */
export const PRICE_QUOTE_BYTES_MAX =
  JSON.stringify({
    [PRICE_QUOTE]: priceQuote({ price: "0".repeat(74), expires: 1e10, call: "c".repeat(64), mac: "m".repeat(43) }),
  }).length + ',"extensions":'.length;
