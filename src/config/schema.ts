// The shape of `pricing.json`: one schema that gives the types and the runtime check. Messages say what would be
// right, because their reader is somebody who edits this file for the first time.

import * as v from "valibot";
import { isObject } from "../std/index.ts";
import { isSetByGate } from "../upstream/index.ts";

const text = v.string("write a text in quotes");

const seconds = (most: number) =>
  v.pipe(
    v.number("write a number of seconds"),
    v.minValue(1, "write at least 1 second"),
    v.maxValue(most, `write at most ${most} seconds`),
  );

/** A list is an object to JavaScript, and its elements would pass for keys that nobody wrote. */
function noList<Schema extends v.GenericSchema>(schema: Schema, hint: string): Schema {
  const list = v.custom<unknown>(isObject, hint);
  // The pair takes and gives what the schema alone does; its type would hide that.
  return v.pipe(list, schema) as unknown as Schema;
}

/** An object without unknown keys. */
function object<const Entries extends v.ObjectEntries>(entries: Entries, hint: string) {
  const known = Object.keys(entries).join(", ");
  const shape = v.strictObject(entries, ({ expected }) =>
    expected === "never" ? `there is no such key; known are ${known}` : "this key is missing",
  );
  return noList(shape, hint);
}

const urlHint = 'write a URL, or an object with "url"';

/** A URL alone stands for an object with nothing else. */
const asObject = <T extends object>(value: string | T): { url: string } | T =>
  typeof value === "string" ? { url: value } : value;

const upstreamUrl = v.pipe(
  text,
  v.check((url) => isBaseUrl(url), "write an http or https URL without query, fragment or user"),
);

const upstream = object(
  {
    url: upstreamUrl,
    timeoutSeconds: v.optional(seconds(600), 30),
    /** Set on every request to the upstream; `{{NAME}}` in a value stands for the secret of that name. */
    headers: v.optional(
      noList(
        v.record(
          v.pipe(
            text,
            v.regex(/^[A-Za-z0-9!#$%&'*+.^_`|~-]+$/, "this is not a header's name"),
            v.check((name) => !isSetByGate(name), "the gate sets or removes this header itself"),
          ),
          v.pipe(text, v.regex(/^[\x20-\x7e]*$/, "write printable ASCII")),
        ),
        "write an object of header names and values",
      ),
      {},
    ),
    service: v.optional(v.pipe(text, v.regex(/^\w+$/, "write the name of a service binding of wrangler.toml"))),
  },
  urlHint,
);

const facilitatorUrl = v.pipe(
  text,
  v.check(
    (url) => isBaseUrl(url) && (URL.parse(url)?.protocol === "https:" || isLoopback(url)),
    "write an https URL without query, fragment or user (http only for this machine)",
  ),
);

const facilitator = object(
  {
    url: facilitatorUrl,
    verifyTimeoutSeconds: v.optional(seconds(60), 5),
    settleTimeoutSeconds: v.optional(seconds(120), 20),
  },
  urlHint,
);

const settle = v.literal("after", 'write "after" (verify, serve, settle); there is no other mode yet');

const priceHint = 'write "free", "closed" or dollars such as "$0.001"';
const price = v.pipe(v.string(priceHint), v.regex(/^(free|closed|\$\d+(\.\d+)?)$/, priceHint));

const corsHint = 'write "*" or a list of origins such as ["https://app.example.com"]';
const cors = v.union(
  [
    v.literal("*"),
    v.array(
      v.pipe(
        text,
        v.check((origin) => URL.parse(origin)?.origin === origin && !origin.includes("*"), corsHint),
      ),
    ),
  ],
  corsHint,
);

const soldHint = 'write "2xx" (which leaves 206 out) or a status of 200 to 299 or 400 to 599 but 402';
/** A redirect cannot be sold: it would name the upstream's own address to a buyer. */
const isSellable = (status: number): boolean =>
  Number.isInteger(status) && status >= 200 && status <= 599 && status !== 402 && !(status >= 300 && status < 400);
const chargeOn = v.pipe(
  v.array(
    v.union([v.literal("2xx"), v.pipe(v.number(), v.check(isSellable, soldHint))], soldHint),
    'write a list such as ["2xx", 404]',
  ),
  v.minLength(1, "write at least one status; a route that charges for none is free"),
);

const pricedRoute = object(
  {
    price,
    description: v.optional(v.pipe(text, v.maxLength(300, "write at most 300 characters"))),
    mimeType: v.optional(
      v.pipe(text, v.regex(/^[\w.+-]+\/[\w.+-]+$/, 'write a media type such as "application/json"')),
    ),
    settle: v.optional(settle),
    exact: v.optional(v.boolean("write true or false"), false),
    chargeOn: v.optional(chargeOn),
  },
  priceHint,
);

const bytes = v.pipe(
  v.number("write a number of bytes"),
  v.integer("write whole bytes"),
  v.minValue(0, "write 0 or more"),
  v.maxValue(8_388_608, "write at most 8388608"),
);

export const pricingTable = object(
  {
    $schema: v.optional(text),
    upstream: v.pipe(v.union([upstreamUrl, upstream], urlHint), v.transform(asObject), upstream),
    payTo: text,
    accepts: v.pipe(
      v.array(text, 'write a list of networks such as ["base"]'),
      v.minLength(1, 'write at least one network, such as "base"'),
    ),
    facilitators: v.array(
      v.pipe(v.union([facilitatorUrl, facilitator], urlHint), v.transform(asObject), facilitator),
      'write a list such as ["https://x402.org/facilitator"]',
    ),
    routes: noList(
      v.record(
        text,
        v.pipe(
          v.union([price, pricedRoute], priceHint),
          v.transform((value) => (typeof value === "string" ? { price: value } : value)),
          pricedRoute,
        ),
      ),
      'write an object such as { "GET /v1/quotes/*": "$0.001" }',
    ),
    unmatched: v.optional(v.picklist(["closed", "free"], 'write "closed" or "free"'), "closed"),
    cors: v.optional(cors, "*"),
    settle: v.optional(settle, "after"),
    chargeOn: v.optional(chargeOn, ["2xx"]),
    maxTimeoutSeconds: v.optional(v.pipe(seconds(86_400), v.integer("write whole seconds")), 300),
    bufferBytesMax: v.optional(bytes, 262_144),
  },
  "write a JSON object with upstream, payTo, accepts, facilitators and routes",
);

export type PricingTable = v.InferOutput<typeof pricingTable>;

function isBaseUrl(text: string): boolean {
  if (!["http:", "https:"].includes(URL.parse(text)?.protocol ?? "")) return false;
  // What the parser would trim, rewrite or hide is not what the operator reads.
  return !/\s|[?#@\\]|\/\/.*\/\//.test(text);
}

function isLoopback(text: string): boolean {
  const host = URL.parse(text)?.hostname ?? "";
  return host === "localhost" || host === "[::1]" || /^127\.\d+\.\d+\.\d+$/.test(host);
}
