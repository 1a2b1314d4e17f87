// The quote endpoint: what a call costs is asked of the API behind the gate, with what the table lets it be told. An
// answer that is late, is no price, or is above what the table lets it be, is none.

import { type ComputedAccess, isMore, type Offer, offerAt, type Quoting } from "../config/index.ts";
import { upstreamUrl } from "../route/index.ts";
import { encodeBytes, err, isObject, ok, parseJson, type Result, readWithin } from "../std/index.ts";
import { addressOf, type Forwarded, type UpstreamAnswer } from "../upstream/index.ts";
import { type Call, discard, type Gate } from "./gate.ts";
import { pricedMethod } from "./quote.ts";

/** The table says for how long; this is for how many calls. */
const KEPT_MAX = 1000;
const ANSWER_BYTES_MAX = 4096;
const JSON_LIMITS = { depthMax: 5, nodesMax: 50 };

/** @returns the offer at the price that was said, or why there is none @param called the digest of what is priced */
export async function askPrice(
  gate: Gate,
  call: Call,
  access: ComputedAccess,
  quoting: Quoting,
  called: string,
): Promise<Result<Offer, string>> {
  const kept = gate.quotes.get(called);
  if (kept && gate.nowMs() < kept.untilMs) return ok(kept.offer);
  const price = await call.trace.measure("quote", fetchPrice(gate, call, access, quoting));
  if (!price.ok) return price;
  const { offer: most } = quoting.most;
  const offer = offerAt(most, price.value);
  if (offer === null) return err("no_price");
  if (isMore(offer, most)) return err("above_max");
  if (gate.quotes.size >= KEPT_MAX) gate.quotes.clear();
  if (quoting.cacheMs > 0) gate.quotes.set(called, { offer, untilMs: gate.nowMs() + quoting.cacheMs });
  return ok(offer);
}

async function fetchPrice(
  { upstream }: Gate,
  call: Call,
  { upstream: settings }: ComputedAccess,
  { path, sendsBody, timeoutMs }: Quoting,
): Promise<Result<string, string>> {
  const { target } = call;
  const late = new AbortController();
  const timer = setTimeout(() => late.abort(), timeoutMs);
  const forwarded = await upstream(settings)({
    url: upstreamUrl(addressOf(settings, target.hostname), { ...target, path, query: "" }),
    method: "POST",
    headers: new Headers({
      "content-type": "application/json",
      accept: "application/json",
      "accept-encoding": "identity",
    }),
    body: new TextEncoder().encode(JSON.stringify(questionOf(call, sendsBody))),
    cancel: late.signal,
    host: target.host,
    proto: target.proto,
    // No cache answers in the upstream's place.
    priced: true,
    conditions: null,
    paid: null,
    isRead: false,
    wholeBytesMax: ANSWER_BYTES_MAX,
  }).finally(() => clearTimeout(timer));
  return readPrice(forwarded, timeoutMs);
}

/** As the call will be forwarded. Nothing of the client's headers but what its body is. */
function questionOf(call: Call, sendsBody: boolean): object {
  const { request, target, body } = call;
  const about = { method: pricedMethod(request), host: target.host, path: target.path, query: target.query.slice(1) };
  const whole = sendsBody && { bodyBase64: body instanceof Uint8Array ? encodeBytes(body) : "" };
  return { ...about, ...bodySaid(call), ...whole };
}

/** What a call says of its body, which the price may follow. */
export function bodySaid({ request: { headers } }: Call): {
  readonly contentType: string | null;
  readonly contentLength: number | null;
} {
  const length = headers.get("content-length");
  return { contentType: headers.get("content-type"), contentLength: length === null ? null : Number(length) };
}

async function readPrice(forwarded: Forwarded, timeoutMs: number): Promise<Result<string, string>> {
  if (forwarded.kind === "failed") return err(forwarded.reason);
  const { answer } = forwarded;
  if (answer.status !== 200) {
    discard(answer);
    return err(`upstream_${answer.status}`);
  }
  const bytes = await wholeOf(answer, timeoutMs);
  const json = parseJson(new TextDecoder().decode(bytes ?? new Uint8Array()), JSON_LIMITS);
  const price = json.ok && isObject(json.value) ? json.value["price"] : null;
  return typeof price === "string" && /^\$\d{1,20}(?:\.\d{1,36})?$/.test(price) ? ok(price) : err("no_price");
}

/** Null for what is too long, too slow or breaks off. */
async function wholeOf({ body }: UpstreamAnswer, timeoutMs: number): Promise<Uint8Array | null> {
  if (!(body instanceof ReadableStream)) return body;
  const read = await readWithin(body, ANSWER_BYTES_MAX, timeoutMs);
  return read.ok ? read.value : null;
}
