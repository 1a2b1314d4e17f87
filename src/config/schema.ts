// The shape of `pricing.json`: one schema that gives the types, the runtime check, `pricing.schema.json` and the keys of
// `docs/pricing.md`. What depends on two places of the file at once is checked where it is compiled.

import * as v from "valibot";
import { braceAdvice, dollarAdvice, endpointAdvice, hint, priceAdvice, secretAdvice, twiceAdvice } from "#advice";
import { isHostName } from "../route/index.ts";
import { parseAddress } from "../schemes/index.ts";
import { isObject, type JsonObject } from "../std/index.ts";
import { readPublicKey } from "../x402/index.ts";
import { auth } from "./auth.ts";
import { computedPrice, quotedObject } from "./computed.ts";
import {
  advised,
  bytes,
  flag,
  headerName,
  headersHint,
  headerValue,
  isBaseUrl,
  isLoopback,
  isSecretName,
  markedBy,
  object,
  PRICE_MARKS,
  record,
  seconds,
  secretHint,
  secretName,
  text,
} from "./fields.ts";
import { meteredObject } from "./meter.ts";

const publicKeyHint = hint("write all of a public key of Solana: 32 bytes in base58");
const publicKey = v.pipe(
  text,
  v.check((value) => readPublicKey(value) !== null, publicKeyHint),
);
const addressHint = hint("write 0x and 40 hex digits; mixed case has to fit its checksum");
const evmAddress = v.pipe(
  text,
  v.check((value) => parseAddress(value) !== null, addressHint),
  v.transform((value) => parseAddress(value) ?? value),
);
/** Of either family; which one a place needs, its network says. */
const address = v.pipe(
  text,
  v.check(
    (value) => parseAddress(value) !== null || readPublicKey(value) !== null,
    ({ input }) => (/^[1-9A-HJ-NP-Za-km-z]{20,}$/.test(input) ? publicKeyHint : addressHint),
  ),
  v.transform((value) => parseAddress(value) ?? value),
);
const payTo = v.pipe(
  address,
  v.check((value) => !/^(0x0+|1+)$/.test(value), "nobody owns the zero address; write your own"),
);

const urlHint = hint('write a URL, or an object with "url"');

const baseUrlHint = hint("write an http or https URL without query, fragment or user");
const upstreamUrl = v.pipe(text, v.check(isBaseUrl, baseUrlHint), advised(braceAdvice));

const headers = record(headerName, headerValue, headersHint);

const hostHint = hint('write "upstream", "client" or the name of a host');

/** Of the secret alone: what is written in its place is not repeated. */
const keyHint = secretHint("SIGNING_KEY");
export const signingKeyObject = object(
  {
    keyId: v.pipe(text, v.regex(/^[\w.:~-]{1,64}$/, hint("write 1 to 64 letters, digits, - . _ : and ~"))),
    algorithm: v.picklist(["ed25519", "hmac-sha256"], hint('write "ed25519" or "hmac-sha256"')),
    key: v.string(keyHint),
  },
  hint('write an object such as { "keyId": "k1", "algorithm": "ed25519", "key": "{{SIGNING_KEY}}" }'),
);
export const signingKey = v.pipe(
  signingKeyObject,
  v.forward(
    v.check(({ key }) => isSecretName(key), keyHint),
    ["key"],
  ),
);
const signHint = hint("write a signing key, or a list of them of which the first one signs");
const sign = v.union(
  [signingKey, v.pipe(v.array(signingKey, signHint), v.minLength(1, hint("write at least one signing key")))],
  signHint,
);

export const upstreamObject = object(
  {
    url: upstreamUrl,
    timeoutSeconds: v.optional(seconds(600), 30),
    headers: v.optional(headers, {}),
    service: v.optional(v.pipe(text, v.regex(/^\w+$/, hint("write the name of a service binding of wrangler.toml")))),
    host: v.optional(
      v.pipe(
        v.string(hostHint),
        v.check((host) => isHostName(host), hostHint),
      ),
      "upstream",
    ),
    sign: v.optional(sign),
  },
  urlHint,
);

/** Nothing that could be read as a URL. */
const UPSTREAM_NAME = /^\w[\w-]*$/;
const upstreamName = v.pipe(text, v.regex(UPSTREAM_NAME, hint("write a name of letters, digits, - and _")));
const upstreamHint = hint('write a URL, an object with "url", or a name from upstreams');
const upstream = v.union(
  [
    v.pipe(
      text,
      v.check((value) => isBaseUrl(value) || UPSTREAM_NAME.test(value), `${baseUrlHint}, or a name from upstreams`),
      advised(braceAdvice),
    ),
    upstreamObject,
  ],
  upstreamHint,
);

const facilitatorUrl = v.pipe(
  text,
  advised(endpointAdvice),
  v.check(
    (url) => isBaseUrl(url) && (URL.parse(url)?.protocol === "https:" || isLoopback(url)),
    hint("write an https URL without query, fragment or user (http only for this machine)"),
  ),
  advised(braceAdvice),
);
const count = (most: number) =>
  v.pipe(
    v.number(hint("write a number")),
    v.integer(hint("write a whole number")),
    v.minValue(1, hint("write 1 or more")),
    v.maxValue(most, `write at most ${most}`),
  );

const rpcHint = hint(
  'write an object of networks and RPC URLs such as { "base": "https://rpc.example.com/{{RPC_KEY}}" }',
);
const rpcUrl = v.pipe(
  text,
  v.regex(
    /^(https:\/\/[^\s/]|http:\/\/(127\.\d+\.\d+\.\d+|localhost|\[::1\])(?=[:/]|$))\S*$/,
    hint("write an https URL (http only for this machine)"),
  ),
  advised(secretAdvice),
);
const rpcUrls = v.pipe(v.array(rpcUrl, rpcHint), v.minLength(1, hint("write at least one URL")));

const gwei = hint("write a number of gwei above zero");
export const directObject = object(
  {
    key: secretName("RELAYER_KEY"),
    network: v.optional(text),
    rpc: v.optional(v.union([rpcUrl, rpcUrls], hint("write an RPC URL, or a list of them"))),
    confirmations: v.optional(count(100), 1),
    maxFeeGwei: v.optional(
      v.pipe(v.number(gwei), v.minValue(1e-9, gwei), v.maxValue(1e6, hint("write at most 1000000"))),
      100,
    ),
  },
  hint('write an object such as { "key": "{{RELAYER_KEY}}" }'),
);
export const facilitatorObject = object(
  {
    url: v.optional(facilitatorUrl),
    direct: v.optional(directObject),
    verifyTimeoutSeconds: v.optional(seconds(60), 5),
    settleTimeoutSeconds: v.optional(seconds(120), 20),
    auth: v.optional(auth),
    feePayer: v.optional(publicKey),
    facilitatorAddress: v.optional(evmAddress),
  },
  urlHint,
);
const facilitatorHint = hint('write a URL, or an object with "url" or "direct"');
const ACCOUNTS = ["feePayer", "facilitatorAddress"] as const;
const accountIn = (entry: v.InferOutput<typeof facilitatorObject>) => ACCOUNTS.find((key) => entry[key] !== undefined);
/** One at an address, or one of the gate's own; who asks is told to the first alone. */
export const facilitator = v.pipe(
  facilitatorObject,
  v.check(({ url, direct }) => (url === undefined) !== (direct === undefined), facilitatorHint),
  v.check(
    ({ direct, auth }) => direct === undefined || auth === undefined,
    "what settles here asks nobody; remove auth",
  ),
  v.check(
    (entry) => entry.direct === undefined || accountIn(entry) === undefined,
    ({ input }) => `what settles here takes neither upto nor Solana; remove ${accountIn(input)}`,
  ),
);
/** An attempt may have to ask one after the other. */
const FACILITATORS_MAX = 5;
const facilitators = v.pipe(
  v.array(
    v.union([facilitatorUrl, facilitator], facilitatorHint),
    hint('write a list such as ["https://x402.org/facilitator"]'),
  ),
  v.minLength(1, hint("write at least one")),
  v.maxLength(FACILITATORS_MAX, `write at most ${FACILITATORS_MAX}`),
  v.check(
    (entries) => new Set(entries.map(placeOf)).size === entries.length,
    ({ input }) => `${twiceAdvice(input.map(placeOf)) ?? "one of them"} stands here twice; keep one`,
  ),
);

const placeOf = (entry: string | v.InferOutput<typeof facilitatorObject>): string =>
  typeof entry === "string"
    ? placeOf({ url: entry } as typeof entry & object)
    : JSON.stringify(entry.direct ?? entry.url?.replace(/\/$/, ""));

const assetTransferMethod = v.picklist(["eip3009", "permit2"], hint('write "eip3009" or "permit2"'));

const optionHint = hint('write a network such as "base", or an object with "network"');
export const optionObject = object(
  {
    network: text,
    asset: v.optional(address),
    scheme: v.optional(v.literal("exact", hint('write "exact"; what is paid by use has "upto" as its price')), "exact"),
    assetTransferMethod: v.optional(assetTransferMethod),
    payTo: v.optional(payTo),
  },
  optionHint,
);
const accepts = v.pipe(
  v.array(v.union([text, optionObject], optionHint), hint('write a list of networks such as ["base"]')),
  v.minLength(1, hint('write at least one network, such as "base"')),
);

export const DECIMALS_MAX = 36;

export const tokenObject = object(
  {
    network: text,
    asset: address,
    name: v.pipe(text, v.nonEmpty(hint("write the name in the contract's EIP-712 domain"))),
    version: v.optional(v.pipe(text, v.nonEmpty(hint("write the version in the contract's EIP-712 domain")))),
    decimals: v.pipe(
      v.number(hint("write a number of decimals")),
      v.integer(hint("write a whole number")),
      v.minValue(0, hint("write 0 or more")),
      v.maxValue(DECIMALS_MAX, `write at most ${DECIMALS_MAX}`),
    ),
    dollar: v.optional(flag, false),
    assetTransferMethod: v.optional(assetTransferMethod, "eip3009"),
    tokenProgram: v.optional(v.picklist(["spl-token", "token-2022"], hint('write "spl-token" or "token-2022"'))),
  },
  hint('write an object such as { "network": "base", "asset": "0x…", "name": "EURC", "version": "2", "decimals": 6 }'),
);
export const token = v.pipe(
  tokenObject,
  v.forward(
    v.check(
      ({ asset, version, assetTransferMethod }) =>
        version !== undefined || assetTransferMethod === "permit2" || readPublicKey(asset) !== null,
      'write the version in the contract\'s EIP-712 domain, or "assetTransferMethod": "permit2" for a token without EIP-3009',
    ),
    ["version"],
  ),
);
const tokens = v.array(token, hint("write a list of tokens"));

const settle = v.picklist(["after", "before", "async"], hint('write "after", "before" or "async"'));

const identifier = v.picklist(["optional", "required", "off"], hint('write "optional", "required" or "off"'));

const limitHint = hint('write dollars such as "$10"');
const limit = v.pipe(v.string(limitHint), v.regex(/^\$\d+(\.\d+)?$/, limitHint));

const rpc = record(text, v.union([rpcUrl, rpcUrls], rpcHint), rpcHint);
const mode = v.picklist(["enforce", "observe"], hint('write "enforce" or "observe"'));

export const priceHint = hint(
  'write "free", "closed", dollars such as "$0.001", or { "amount": "1000", "asset": "0x…" } in atomic units',
);
export const dollars = v.pipe(
  v.string(priceHint),
  v.regex(/^(free|closed|\$\d+(\.\d+)?)$/, ({ input }) => dollarAdvice(input) ?? priceHint),
);
export const atomicObject = object(
  {
    amount: v.pipe(
      v.string(hint('write atomic units in quotes, such as "1000"')),
      v.regex(/^[1-9]\d{0,29}$/, hint('write atomic units above zero, such as "1000"')),
    ),
    asset: address,
  },
  priceHint,
  markedBy(PRICE_MARKS, "amount", "asset"),
);

/** @param isEntry of a table of prices */
const priceRemedy =
  (isEntry: boolean) =>
  ({ input }: v.BaseIssue<unknown>): string =>
    (isObject(input) ? priceAdvice(input, PRICE_MARKS, isEntry) : dollarAdvice(input)) ?? priceHint;
const charge = v.union([dollars, atomicObject, meteredObject], priceRemedy(true));
export const computedObject = computedPrice(charge);
const price = v.union([dollars, atomicObject, meteredObject, computedObject, quotedObject], priceRemedy(false));
/** What prices that are objects say. No route has such a key. */
export const priceKeys: ReadonlySet<string> = new Set(
  [atomicObject, meteredObject, computedObject, quotedObject].flatMap(({ entries }) => Object.keys(entries)),
);

const corsHint = hint('write "*" or a list of origins such as ["https://app.example.com"]');
const origin = v.pipe(
  text,
  v.check((value) => URL.parse(value)?.origin === value && !value.includes("*"), corsHint),
);
const cors = v.union([v.literal("*"), v.array(origin)], corsHint);

const hostsHint = hint('write a host such as "api.example.com", or its origin such as "https://api.example.com"');
const hosts = v.pipe(
  v.array(
    v.pipe(
      text,
      v.check((value) => isHostOrOrigin(value), hostsHint),
    ),
    hint('write a list such as ["api.example.com"]'),
  ),
  v.minLength(1, hint("write at least one host, or leave this key out to serve every one")),
);

const soldHint = hint('write "2xx" (which leaves 206 out) or a status of 200 to 299 or 400 to 599 but 402');
/** A redirect cannot be sold: it would name the upstream's own address to a buyer. */
const isSellable = (status: number): boolean =>
  Number.isInteger(status) && status >= 200 && status <= 599 && status !== 402 && !(status >= 300 && status < 400);
const chargeOn = v.pipe(
  v.array(
    v.union([v.literal("2xx"), v.pipe(v.number(), v.check(isSellable, soldHint))], soldHint),
    hint('write a list such as ["2xx", 404]'),
  ),
  v.minLength(1, hint("write at least one status; a route that charges for none is free")),
);

const extensionsHint = hint("write an object of extensions by their names");
const extensions = record(text, record(text, v.unknown(), extensionsHint), extensionsHint);

const maxTimeoutSeconds = v.pipe(seconds(86_400), v.integer(hint("write whole seconds")));
/** The largest body that Cloudflare lets through on any plan. */
const bodyBytesMax = bytes(500_000_000);

export const routeEntries = {
  price,
  description: v.optional(v.pipe(text, v.maxLength(300, hint("write at most 300 characters")))),
  mimeType: v.optional(
    v.pipe(text, v.regex(/^[\w.+-]+\/[\w.+-]+$/, hint('write a media type such as "application/json"'))),
  ),
  exact: v.optional(flag, false),
  accepts: v.optional(accepts),
  payTo: v.optional(payTo),
  upstream: v.optional(upstream),
  facilitators: v.optional(facilitators),
  settle: v.optional(settle),
  maxUnsettled: v.optional(limit),
  verifyAbove: v.optional(limit),
  chargeOn: v.optional(chargeOn),
  ranges: v.optional(flag),
  maxTimeoutSeconds: v.optional(maxTimeoutSeconds),
  bodyBytesMax: v.optional(bodyBytesMax),
  extensions: v.optional(extensions),
  paymentIdentifier: v.optional(identifier),
  contractWallets: v.optional(flag),
  websocket: v.optional(flag),
  mode: v.optional(mode),
  allowEncodedSlash: v.optional(flag),
  allowSemicolon: v.optional(flag),
  allowDoubleSlash: v.optional(flag),
  caseSensitive: v.optional(flag),
};

/** Whether a route says more than its price: a price that is an object alone has other keys. */
export const isEntry = (value: unknown): value is JsonObject =>
  isObject(value) && (Object.hasOwn(value, "price") || !Object.keys(value).some((key) => priceKeys.has(key)));

const route = v.union(
  [dollars, atomicObject, meteredObject, computedObject, quotedObject, object(routeEntries, priceHint, isEntry)],
  priceHint,
);

const routesHint = hint('write an object such as { "GET /v1/quotes/*": "$0.001" }');

const prefixHint = hint('write one segment such as "/.faregate/"');

export const tableEntries = {
  $schema: v.optional(text),
  upstream,
  upstreams: v.optional(
    record(upstreamName, v.union([upstreamUrl, upstreamObject], urlHint), hint("write an object of upstreams by name")),
    {},
  ),
  payTo: v.optional(payTo),
  accepts,
  tokens: v.optional(tokens, []),
  facilitators,
  routes: v.custom<JsonObject>(isObject, routesHint),
  unmatched: v.optional(v.picklist(["closed", "free"], hint('write "closed" or "free"')), "closed"),
  hosts: v.optional(hosts),
  cors: v.optional(cors, "*"),
  mode: v.optional(mode, "enforce"),
  settle: v.optional(settle, "after"),
  maxUnsettled: v.optional(limit),
  maxUnsettledTotal: v.optional(limit, "$1000"),
  verifyAbove: v.optional(limit),
  maxInFlight: v.optional(count(1000), 100),
  maxUncharged: v.optional(count(1000), 100),
  creditDays: v.optional(count(90), 7),
  debtDays: v.optional(count(365), 30),
  rpc: v.optional(rpc, {}),
  chargeOn: v.optional(chargeOn, ["2xx"]),
  maxTimeoutSeconds: v.optional(maxTimeoutSeconds, 300),
  bufferBytesMax: v.optional(bytes(8_388_608), 262_144),
  bodyBytesMax: v.optional(bodyBytesMax),
  extensions: v.optional(extensions, {}),
  paymentIdentifier: v.optional(identifier, "optional"),
  contractWallets: v.optional(flag, false),
  prefix: v.optional(v.pipe(text, v.regex(/^\/[a-z0-9_~.-]*[a-z0-9_~-]\/?$/, prefixHint)), "/.faregate/"),
};

export const tableHint = hint("write a JSON object with upstream, payTo, accepts, facilitators and routes");

/** The whole file. Its routes are read one by one, so that a mistake in one hides none in another. */
export const pricingTable = object({ ...tableEntries, routes: record(text, route, routesHint) }, tableHint);

function isHostOrOrigin(value: string): boolean {
  const origin = URL.parse(value.includes("://") ? value : `https://${value}`);
  if (!origin || !["http:", "https:"].includes(origin.protocol) || !isHostName(origin.hostname)) return false;
  // Written as clients send it: lower case, without the port that the scheme implies.
  return value === origin.origin || value === origin.host;
}

type Output<Entries extends v.ObjectEntries> = v.InferOutput<v.StrictObjectSchema<Entries, undefined>>;
export type Table = Output<typeof tableEntries>;
export type RouteEntry = Output<typeof routeEntries>;
export type UpstreamEntry = v.InferOutput<typeof upstreamObject>;
export type FacilitatorEntry = v.InferOutput<typeof facilitatorObject>;
export type OptionEntry = v.InferOutput<typeof optionObject>;
export type TokenEntry = v.InferOutput<typeof tokenObject>;
/** What one call costs, or an entry of a price that follows the request. */
export type Charge = v.InferOutput<typeof charge>;
export type ComputedPrice = v.InferOutput<typeof computedObject>;
export type QuotedPrice = v.InferOutput<typeof quotedObject>;
