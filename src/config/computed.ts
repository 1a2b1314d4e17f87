// Prices that follow the request, as they are written: what the price follows, an entry for each value, and what holds
// for the rest.

import * as v from "valibot";
import { hint } from "#advice";
import { isPlainPath } from "../route/index.ts";
import { CONDITIONS } from "../upstream/index.ts";
import { flag, headerName, markedBy, object, PRICE_MARKS, record, text } from "./fields.ts";

const headerHint = "Range and If-* do not reach your API; write another header";
const pointerHint = hint('write a JSON pointer such as "/size"');
/** Deep enough for any API. */
const TOKENS_MAX = 8;

export const selectorObject = object(
  {
    query: v.optional(
      v.pipe(text, v.regex(/^[^\s[\];&=#]{1,64}$/, hint("write a parameter's name, without [ ] ; & = or #"))),
    ),
    header: v.optional(
      v.pipe(
        headerName,
        v.check((name) => !CONDITIONS.has(name.toLowerCase()), headerHint),
      ),
    ),
    body: v.optional(
      v.pipe(
        text,
        v.regex(/^(?:\/(?:[^~/]|~[01])+)+$/, pointerHint),
        v.check((pointer) => pointer.split("/").length - 1 <= TOKENS_MAX, `write at most ${TOKENS_MAX} levels`),
      ),
    ),
  },
  hint('write an object with one of "query", "header" and "body"'),
);
export const selectorOf = v.pipe(
  selectorObject,
  v.check((ways) => Object.keys(ways).length === 1, hint('write one of "query", "header" and "body"')),
);

const byHint = hint('write { "query": "…" }, { "header": "…" }, { "body": "/…" }, "bodyBytes", "jsonrpc" or "mcp"');
const by = v.union([v.picklist(["bodyBytes", "jsonrpc", "mcp"], byHint), selectorOf], byHint);

const entriesHint = hint('write an object of values and prices such as { "small": "$0.01", "large": "$0.02" }');

/** @param charge what one entry may cost */
export const computedPrice = <const Charge extends v.GenericSchema>(charge: Charge) =>
  object(
    {
      by,
      table: v.pipe(
        record(v.pipe(text, v.nonEmpty(hint("write a value before the price"))), charge, entriesHint),
        v.check((entries) => Object.keys(entries).length > 0, hint("write at least one entry")),
      ),
      missing: v.optional(charge),
      otherwise: v.optional(charge),
    },
    hint(
      'write an object such as { "by": { "query": "model" }, "table": { "small": "$0.01" }, "otherwise": "closed" }',
    ),
    markedBy(PRICE_MARKS, "by"),
  );

const quoteHint = hint('write a path of your API such as "/quote", without a query');
const mostHint = hint('write dollars such as "$1"');
const fallbackHint = hint('write dollars such as "$0.05", or "closed"');
const secondsHint = (least: number, most: number) => `write a number of seconds, ${least} to ${most}`;
const time = (least: number, most: number) =>
  v.pipe(
    v.number(secondsHint(least, most)),
    v.minValue(least, secondsHint(least, most)),
    v.maxValue(most, secondsHint(least, most)),
  );

export const quotedObject = object(
  {
    quote: v.pipe(text, v.regex(/^\/[\w./~-]*$/, quoteHint), v.check(isPlainPath, quoteHint)),
    max: v.pipe(v.string(mostHint), v.regex(/^\$\d+(\.\d+)?$/, mostHint)),
    sendBody: v.optional(flag, false),
    timeoutSeconds: v.optional(time(0.1, 30), 1),
    cacheSeconds: v.optional(time(0, 86_400), 0),
    fallback: v.optional(v.pipe(v.string(fallbackHint), v.regex(/^(closed|\$\d+(\.\d+)?)$/, fallbackHint)), "closed"),
  },
  hint('write an object such as { "quote": "/quote", "max": "$1" }'),
  markedBy(PRICE_MARKS, "quote"),
);
