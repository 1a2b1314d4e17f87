// A price that follows use: what `pricing.json` says of it, and the meter that this is.

import * as v from "valibot";
import { hint, useAdvice } from "#advice";
import {
  type Decimal,
  type Meter,
  parseDecimal,
  parsePath,
  type Rate,
  rateOf,
  type Source,
} from "../metering/index.ts";
import { advised, flag, headerName, markedBy, object, PRICE_MARKS } from "./fields.ts";
import { type Path, type Report, said } from "./mistake.ts";

const amountHint = hint('write dollars such as "$0.05"');
const amount = v.pipe(v.string(amountHint), v.regex(/^\$\d{1,12}(\.\d{1,18})?$/, amountHint));

const usdHint = hint('write dollars without a sign, such as "0.60"');
const perHint = hint('write "1", "1K", "1M" or "1B", or ten or a hundred of one of them');
const ofHint = hint(
  'write where the use stands in the answer, such as "usage.total_tokens", or { "header": "x-rows" }, { "measured": "bytes" } or { "measured": "seconds" }',
);

const path = v.pipe(
  v.string(ofHint),
  v.check((value) => parsePath(value) !== null, ofHint),
  advised(useAdvice),
);
const OF_MARKS = ["header", "measured"];
export const headerObject = object({ header: headerName }, ofHint, markedBy(OF_MARKS, "header"));
export const measuredObject = object(
  { measured: v.picklist(["bytes", "seconds"], hint('write "bytes" or "seconds"')) },
  ofHint,
  markedBy(OF_MARKS, "measured"),
);

export const rateObject = object(
  {
    usd: v.pipe(v.string(usdHint), v.regex(/^\d{1,12}(\.\d{1,18})?$/, usdHint)),
    per: v.pipe(
      v.string(perHint),
      v.check((value) => rateOf("0", value) !== null, perHint),
    ),
    of: v.union([path, v.pipe(v.array(path), v.minLength(1, ofHint)), headerObject, measuredObject], ofHint),
    optional: v.optional(flag, false),
  },
  hint('write an object such as { "usd": "0.60", "per": "1M", "of": "usage.completion_tokens" }'),
);

const missingHint = hint(
  'write "minimum", "maximum" or "nothing", or one for each reason: { "left": "maximum", "otherwise": "minimum" }',
);
const missingPrice = v.picklist(["minimum", "maximum", "nothing"], missingHint);
/** A buyer who leaves may do so to hide it; what the API does not say is nobody's fault but its own. */
const MISSING = { left: "maximum", otherwise: "minimum" } as const;
const missingObject = object(
  { left: v.optional(missingPrice, MISSING.left), otherwise: v.optional(missingPrice, MISSING.otherwise) },
  missingHint,
);

const RATES_MAX = 20;

export const meteredObject = object(
  {
    upto: amount,
    meter: v.pipe(
      v.array(
        rateObject,
        hint('write a list of rates such as [{ "usd": "0.60", "per": "1M", "of": "usage.total_tokens" }]'),
      ),
      v.minLength(1, hint("write at least one rate; a call whose price is known has that as its price")),
      v.maxLength(RATES_MAX, `write at most ${RATES_MAX} rates`),
    ),
    fixed: v.optional(amount),
    min: v.optional(amount),
    includeUsage: v.optional(flag, false),
    receiptComment: v.optional(flag, false),
    onMissingUsage: v.optional(v.union([missingPrice, missingObject], missingHint), MISSING),
  },
  hint(
    'write an object such as { "upto": "$0.05", "meter": [{ "usd": "0.60", "per": "1M", "of": "usage.total_tokens" }] }',
  ),
  markedBy(PRICE_MARKS, "upto"),
);

export type MeteredPrice = v.InferOutput<typeof meteredObject>;
type RateEntry = v.InferOutput<typeof rateObject>;

export const isMetered = (price: object | string | undefined): price is MeteredPrice =>
  typeof price === "object" && "upto" in price;

/** What of a route a price by use leaves no choice about. */
interface Idle {
  readonly settle?: unknown;
  readonly websocket?: boolean | undefined;
  readonly ranges?: boolean | undefined;
}

export function readMeter(
  { upto, meter, fixed = "$0", min = "$0", onMissingUsage, ...rest }: MeteredPrice,
  { settle, websocket, ranges }: Idle,
  at: { readonly price: Path; readonly route: Path },
  report: Report,
): Meter {
  const idle = (key: string, why: string): void => report([...at.route, key], `remove this: ${why}`);
  if (settle !== undefined) idle("settle", "what is charged by use is settled when the use is known");
  if (websocket) idle("websocket", "a WebSocket has no use that could be read");
  if (ranges) idle("ranges", "a part of an answer does not say what the whole has used");
  for (const [key, least] of Object.entries({ min, fixed })) {
    if (!isMore(dollarsOf(least), dollarsOf(upto))) continue;
    report([...at.price, key], `this is more than upto lets a call cost; write at most that${said(least)}`);
  }
  const missing =
    typeof onMissingUsage === "string" ? { left: onMissingUsage, otherwise: onMissingUsage } : onMissingUsage;
  const money = { fixed: dollarsOf(fixed), min: dollarsOf(min), onMissingUsage: missing };
  return { ...rest, rates: meter.map(readRate), ...money };
}

const isMore = (a: Decimal, b: Decimal): boolean =>
  a.digits * 10n ** BigInt(b.scale) > b.digits * 10n ** BigInt(a.scale);

/** Of what the schema let through. */
const dollarsOf = (written: string): Decimal => parseDecimal(written.slice(1)) as Decimal;

const readRate = ({ usd, per, of, optional }: RateEntry): Rate => ({
  title: `${titleOf(of)} at $${usd}/${per}`,
  source: sourceOf(of),
  dollars: rateOf(usd, per) as Decimal,
  isOptional: optional,
});

function sourceOf(of: RateEntry["of"]): Source {
  if (typeof of === "string" || Array.isArray(of)) {
    return { kind: "answer", paths: [of].flat().map((one) => parsePath(one) as readonly string[]) };
  }
  return "header" in of ? { kind: "header", name: of.header } : { kind: of.measured };
}

function titleOf(of: RateEntry["of"]): string {
  if (typeof of === "string" || Array.isArray(of)) return [of].flat()[0] as string;
  return "header" in of ? of.header : of.measured;
}
