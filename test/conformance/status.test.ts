// The status table of the wire: each situation provoked over HTTP, once by a client of either version. What a client
// does next hangs on more than the status, so the word, the headers and who was asked are held besides.

import { exports } from "cloudflare:workers";
import { beforeAll, describe, expect, test } from "vitest";
import { newAccount, type Payment, signPayment, unixNow } from "../support/payment.ts";
import { type Permit2Payment, signUptoPayment } from "../support/permit2-payment.ts";
import { ask, calledEndpoints, chunked, decode, eventually, fresh, ORIGIN, seen } from "../worker/client.ts";
import { type Envelope, present, v1, v2 } from "./envelopes.ts";

interface Expected {
  readonly status: number;
  /** The machine's word; null where the body is the upstream's. */
  readonly error: string | null;
  readonly retryAfter?: string;
  /** Whether signing a payment is the right next step. */
  readonly invites?: boolean;
  readonly receipt?: "settled" | "failed";
  readonly headers?: { readonly [name: string]: string };
  readonly body?: object;
  /** How often the upstream was asked. */
  readonly served?: number;
  /** What the facilitator was asked; verify perhaps more than once, because it runs beside the claim. */
  readonly asked?: readonly string[];
}

interface Provoked {
  readonly response: Response;
  readonly path: string;
  readonly payment: Payment | Permit2Payment;
}

interface Situation extends Expected {
  readonly title: string;
  /** The only version that can get into it. */
  readonly only?: Envelope;
  readonly provoke: (envelope: Envelope) => Promise<Provoked>;
}

interface Call {
  readonly path: string;
  readonly init?: RequestInit;
  readonly sign?: () => Promise<Payment>;
  /** Of the payment in its envelope. */
  readonly change?: (wrapped: { readonly [key: string]: unknown }, envelope: Envelope) => unknown;
}

/** One call with one payment; each situation changes one thing. */
const paying =
  ({ path: name, init, sign = () => signPayment("10000"), change = (wrapped) => wrapped }: Call) =>
  async (envelope: Envelope): Promise<Provoked & { readonly payment: Payment }> => {
    const path = fresh(name);
    const payment = await sign();
    const response = await present(envelope, path, change(envelope.wrap(payment), envelope), init);
    return { response, path, payment };
  };

/** The same payment a second time, once the first call came as far as it should. */
const again =
  (first: string, second: string, until: (path: string, answered: Promise<Response>) => Promise<unknown>) =>
  async (envelope: Envelope): Promise<Provoked> => {
    const payment = await signPayment("10000");
    const wrapped = envelope.wrap(payment);
    const path = fresh(first);
    const answered = present(envelope, path, wrapped);
    await until(path, answered);
    const secondPath = second === first ? path : fresh(second);
    const response = await present(envelope, secondPath, wrapped);
    await answered;
    return { response, path: secondPath, payment };
  };

async function whenServing(path: string): Promise<void> {
  while ((await seen(path)).length === 0) await new Promise((resolve) => setTimeout(resolve, 10));
}
const whenAnswered = async (_: string, answered: Promise<Response>) => (await answered).text();

const unpaid = async (): Promise<Provoked> => {
  const path = fresh("/paid/ok");
  return { response: await ask(path), path, payment: await signPayment("10000") };
};

const fromHost =
  (host: string) =>
  async (envelope: Envelope): Promise<Provoked> => {
    const path = fresh("/paid/ok");
    const payment = await signPayment("10000");
    const headers = { [envelope.header]: btoa(JSON.stringify(envelope.wrap(payment))) };
    return { response: await exports.default.fetch(new Request(`https://${host}${path}`, { headers })), path, payment };
  };

/** A payment that echoes what was quoted for another call. */
const quotedFor =
  (name: string, change: (quote: object) => object = (quote) => quote) =>
  async (envelope: Envelope): Promise<Provoked> => {
    const { extensions } = decode((await ask(fresh(name))).headers.get("payment-required"));
    const { info, ...schema } = (extensions as { "price-quote": { info: object } })["price-quote"];
    const path = fresh("/by/query/ok?model=small");
    const payment = await signPayment("10000");
    const echo = { "price-quote": { ...schema, info: change(info) } };
    return { response: await present(envelope, path, { ...envelope.wrap(payment), extensions: echo }), path, payment };
  };

/** A maximum, once it is known for whom it has to be signed. */
const metered =
  (request: () => RequestInit) =>
  async (envelope: Envelope): Promise<Provoked> => {
    await eventually(() => ask(fresh("/metered/ok"), { method: "POST", body: "{}" }), 402);
    const path = fresh("/metered/ok");
    const payment = await signUptoPayment("10000");
    return { response: await present(envelope, path, payment, request()), path, payment };
  };

const posting = (body: BodyInit, headers: Record<string, string> = {}): RequestInit => ({
  method: "POST",
  headers: { "content-type": "application/json", ...headers },
  body,
});

const tampered = async (): Promise<Payment> => {
  const payment = await signPayment("10000");
  const { authorization } = payment.payload;
  return { ...payment, payload: { ...payment.payload, authorization: { ...authorization, value: "10001" } } };
};
const forged = () => signPayment("10000", { from: newAccount().address });
const expired = () => signPayment("10000", { validBefore: String(unixNow() - 1) });

const HASH = /^0x[0-9a-f]{64}$/;
const VERIFIED = ["/verify"];
const SETTLED = ["/settle", "/verify"];

/** Errors that nobody pays for. */
const passing = [
  ["an upstream that answers 404", 404],
  ["an upstream that answers 429", 429],
  ["an upstream that answers 500", 500],
  ["an upstream that answers 503", 503],
] as const;

/** What could be the goods themselves. */
const withheld = [
  ["an upstream that answers 206", 206],
  ["an upstream that answers 302", 302],
  ["an upstream that answers 304", 304],
] as const;

const situations: readonly Situation[] = [
  {
    title: "a paid call",
    provoke: paying({ path: "/paid/ok" }),
    ...{ status: 200, error: null, receipt: "settled", served: 1, asked: SETTLED },
  },
  {
    title: "no payment at all",
    provoke: unpaid,
    ...{ status: 402, error: "payment_required", invites: true },
  },
  {
    title: "a path that no route has",
    provoke: paying({ path: "/nowhere" }),
    ...{ status: 404, error: "not_found" },
  },
  {
    title: "a closed route",
    provoke: paying({ path: "/closed/x" }),
    ...{ status: 404, error: "not_found" },
  },
  {
    title: "a method that the route does not have",
    provoke: paying({ path: "/only/ok", init: { method: "DELETE" } }),
    ...{ status: 405, error: "method_not_allowed", headers: { allow: "GET, HEAD, POST" } },
  },
  {
    title: "a host that is not the gate's",
    provoke: fromHost("elsewhere.example"),
    ...{ status: 421, error: "misdirected" },
  },
  {
    title: "a request that came through four gates before",
    provoke: paying({ path: "/paid/ok", init: { headers: { via: Array(4).fill("1.1 faregate").join(", ") } } }),
    ...{ status: 508, error: "loop_detected" },
  },
  {
    title: "a payment header over its cap",
    provoke: paying({ path: "/paid/ok", change: () => "A".repeat(16 * 1024 + 1) }),
    ...{ status: 431, error: "payment_header_too_large" },
  },
  {
    title: "a body over the route's cap",
    provoke: paying({ path: "/small", init: { method: "POST", body: "x".repeat(11) } }),
    ...{ status: 413, error: "body_too_large" },
  },
  {
    title: "a WebSocket on a priced route",
    provoke: paying({ path: "/paid/ok", init: { headers: { upgrade: "websocket", connection: "upgrade" } } }),
    ...{ status: 426, error: "upgrade_required" },
  },
  {
    title: "a header that cannot be read",
    provoke: paying({ path: "/paid/ok", change: () => "%%%" }),
    ...{ status: 400, error: "invalid_payload" },
  },
  {
    title: "a payload that has not the scheme's shape",
    provoke: paying({ path: "/paid/ok", change: (wrapped) => ({ ...wrapped, payload: { signature: "0x" } }) }),
    ...{ status: 400, error: "invalid_payload" },
  },
  {
    title: "a version that nobody knows",
    provoke: paying({ path: "/paid/ok", change: (wrapped) => ({ ...wrapped, x402Version: 3 }) }),
    ...{ status: 402, error: "invalid_x402_version", invites: true },
  },
  {
    title: "a network that is not offered",
    provoke: paying({ path: "/paid/ok", change: onOtherNetwork }),
    ...{ status: 402, error: "invalid_network", invites: true },
  },
  {
    title: "an amount that was changed after it was signed",
    provoke: paying({ path: "/paid/ok", sign: tampered }),
    ...{ status: 402, error: "invalid_exact_evm_payload_signature", invites: true },
  },
  {
    title: "a signature of somebody else",
    provoke: paying({ path: "/paid/ok", sign: forged }),
    ...{ status: 402, error: "invalid_exact_evm_payload_signature", invites: true },
  },
  {
    title: "a payment whose time is over",
    provoke: paying({ path: "/paid/ok", sign: expired }),
    ...{ status: 402, error: "invalid_exact_evm_payload_authorization_valid_before", invites: true },
  },
  {
    title: "the same payment in flight",
    provoke: again("/paid/slow", "/paid/slow", whenServing),
    ...{ status: 409, error: "payment_in_flight", retryAfter: "2", served: 1, asked: SETTLED },
  },
  {
    title: "the same payment, already settled",
    provoke: again("/paid/ok", "/paid/ok", whenAnswered),
    ...{ status: 409, error: "payment_settled", served: 1, asked: SETTLED },
    body: { transaction: expect.stringMatching(HASH) },
  },
  {
    // The upstream drops the connection, so that the payment is not known as spent.
    title: "the same payment for another resource",
    provoke: again("/paid/drop", "/paid/other/drop", whenAnswered),
    ...{ status: 409, error: "payment_bound_elsewhere", asked: VERIFIED },
  },
  {
    title: "a payment that names another resource",
    only: v2,
    provoke: paying({ path: "/paid/ok", change: (wrapped) => ({ ...wrapped, resource: { url: `${ORIGIN}/other` } }) }),
    ...{ status: 402, error: "resource_mismatch", invites: true },
  },
  {
    title: "a facilitator that says invalid",
    provoke: paying({ path: "/paid/ok?verify=invalid:insufficient_funds" }),
    ...{ status: 402, error: "insufficient_funds", invites: true, asked: VERIFIED },
  },
  {
    title: "a facilitator that misses the allowance of Permit2",
    provoke: paying({ path: "/paid/ok?verify=invalid:permit2_allowance_required" }),
    ...{ status: 412, error: "permit2_allowance_required", invites: true, asked: VERIFIED },
  },
  {
    title: "a facilitator that is down before the upstream ran",
    provoke: paying({ path: "/paid/ok?verify=drop" }),
    ...{ status: 503, error: "facilitator_unavailable", retryAfter: "5", asked: VERIFIED },
  },
  {
    title: "an upstream that cannot be reached",
    provoke: paying({ path: "/paid/drop" }),
    ...{ status: 502, error: "upstream_unreachable", served: 1, asked: VERIFIED },
  },
  {
    title: "an upstream that is too slow",
    provoke: paying({ path: "/paid/hang" }),
    ...{ status: 504, error: "upstream_timeout", served: 1, asked: VERIFIED },
  },
  ...passing.map(
    ([title, status]): Situation => ({
      title,
      provoke: paying({ path: `/paid/status/${status}` }),
      ...{ status, error: null, served: 1, asked: VERIFIED },
    }),
  ),
  ...withheld.map(
    ([title, status]): Situation => ({
      title,
      provoke: paying({ path: `/paid/status/${status}` }),
      ...{ status: 502, error: "upstream_not_sellable", served: 1, asked: VERIFIED },
    }),
  ),
  {
    title: "a settlement that is rejected",
    provoke: paying({ path: "/paid/ok?settle=rejected:insufficient_funds" }),
    ...{ status: 402, error: "insufficient_funds", invites: true, receipt: "failed", served: 1, asked: SETTLED },
  },
  {
    title: "a payment that ended in a rejection, once more",
    provoke: async (envelope) => {
      const { path, payment } = await paying({ path: "/paid/ok?settle=rejected:insufficient_funds" })(envelope);
      const response = await eventually(() => present(envelope, path, envelope.wrap(payment)), 402);
      return { response, path, payment };
    },
    ...{ status: 402, error: "insufficient_funds", invites: true, served: 1, asked: SETTLED },
  },
  {
    title: "a settlement that nobody knows about",
    provoke: paying({ path: "/paid/ok?settle=drop" }),
    ...{ status: 503, error: "settlement_unknown", retryAfter: "5", served: 1, asked: SETTLED },
  },
  {
    title: "a request that has two prices",
    provoke: paying({ path: "/by/query/ok?model=small&model=large" }),
    ...{ status: 400, error: "price_ambiguous" },
  },
  {
    title: "a request that has no price",
    provoke: paying({ path: "/by/query/ok?model=other" }),
    ...{ status: 400, error: "price_unknown" },
  },
  {
    title: "what is closed among prices",
    provoke: paying({ path: "/by/query/ok?model=secret" }),
    ...{ status: 403, error: "not_sold" },
  },
  {
    title: "a body that decides the price and is no JSON by its type",
    provoke: paying({ path: "/by/body/ok", init: posting("{}", { "content-type": "text/plain" }) }),
    ...{ status: 415, error: "unsupported_body" },
  },
  {
    title: "a body that decides the price and is compressed",
    provoke: paying({ path: "/by/body/ok", init: posting("{}", { "content-encoding": "gzip" }) }),
    ...{ status: 415, error: "unsupported_body" },
  },
  {
    title: "a body that decides the price and is too long to be read",
    provoke: paying({ path: "/by/body/ok", init: posting(JSON.stringify("x".repeat(100))) }),
    ...{ status: 413, error: "body_too_large" },
  },
  {
    title: "a body that decides the price and is not as long as it says",
    provoke: paying({ path: "/by/body/ok", init: posting("{}", { "content-length": "3" }) }),
    ...{ status: 400, error: "body_incomplete" },
  },
  {
    title: "a body whose length decides the price and is not said",
    provoke: (envelope) => paying({ path: "/by/length/ok", init: posting(chunked("{}")) })(envelope),
    ...{ status: 411, error: "length_required" },
  },
  {
    title: "a price that the API does not name",
    provoke: paying({ path: "/quoted/ok?units=none" }),
    ...{ status: 503, error: "quote_unavailable", retryAfter: "5" },
  },
  {
    title: "a quote that was changed",
    only: v2,
    provoke: quotedFor("/by/query/ok?model=small", (quote) => ({ ...quote, price: "$0.009" })),
    ...{ status: 402, error: "price_quote_invalid", invites: true },
  },
  {
    title: "a quote for another call",
    only: v2,
    provoke: quotedFor("/by/query/ok?model=large"),
    ...{ status: 402, error: "price_quote_mismatch", invites: true },
  },
  {
    title: "a price by use that no facilitator is known to settle",
    provoke: paying({ path: "/unlisted/ok" }),
    ...{ status: 503, error: "facilitator_unknown", retryAfter: "2" },
  },
  {
    title: "a price by use, and a stream that cannot be made to say it",
    only: v2,
    provoke: metered(() => posting('{"stream":1}')),
    ...{ status: 400, error: "price_ambiguous", asked: VERIFIED },
  },
  {
    title: "a price by use, and a body that is too long to be read",
    only: v2,
    provoke: metered(() => posting(chunked("x".repeat(20_000)))),
    ...{ status: 413, error: "body_too_large" },
  },
  {
    title: "a price by use, and a body that is not as long as it says",
    only: v2,
    provoke: metered(() => posting("{}", { "content-length": "3" })),
    ...{ status: 400, error: "body_incomplete" },
  },
];

function onOtherNetwork(wrapped: { readonly [key: string]: unknown }, { version, otherNetwork }: Envelope): unknown {
  if (version === 1) return { ...wrapped, network: otherNetwork };
  return { ...wrapped, accepted: { ...(wrapped["accepted"] as object), network: otherNetwork } };
}

interface Observed {
  readonly status: number;
  readonly headers: Headers;
  readonly text: string;
  readonly payer: string;
  readonly served: number;
  readonly asked: readonly string[];
}

async function observe({ response, path, payment }: Provoked): Promise<Observed> {
  const { status, headers } = response;
  const text = await response.text();
  const asked = await calledEndpoints(payment);
  const { payload } = payment;
  const payer = "authorization" in payload ? payload.authorization.from : payload.permit2Authorization.from;
  return { status, headers, text, payer, served: (await seen(path)).length, asked };
}

describe.each([
  ["PAYMENT-SIGNATURE", v2],
  ["X-PAYMENT", v1],
])("a client of %s meets", (_, envelope) => {
  const possible = situations.filter(({ only }) => only === undefined || only === envelope);

  describe.each(possible.map((situation) => [situation.title, situation] as const))("%s", (__, situation) => {
    const { provoke, error, status, retryAfter, invites, receipt, headers, body, served, asked } = situation;
    let observed: Observed;
    beforeAll(async () => {
      observed = await observe(await provoke(envelope));
    });

    test("with its status and its word", () => {
      expect(observed.status).toBe(status);
      if (error !== null) expect(JSON.parse(observed.text)).toMatchObject({ error, ...body });
      expect(Object.fromEntries(observed.headers)).toMatchObject(headers ?? {});
      if (error !== null) expect(observed.headers.has("location")).toBe(false);
    });

    test("with an answer that nobody may store, and that says when to come back where that helps", () => {
      expect(observed.headers.get("cache-control")).toBe(error === null ? "private, no-store" : "no-store");
      expect(observed.headers.get("retry-after")).toBe(retryAfter ?? null);
    });

    test("with a challenge where a payment is the right next step, and only there", () => {
      const header = observed.headers.get("payment-required");
      expect(header !== null).toBe(invites ?? false);
      const challenged = { x402Version: 2, accepts: [{ network: v2.network, amount: "10000" }, {}] };
      if (header !== null) expect(decode(header)).toMatchObject(challenged);
      const challengedV1 = {
        x402Version: 1,
        error,
        accepts: [{ network: v1.network, maxAmountRequired: "10000" }, {}],
      };
      if (invites) expect(JSON.parse(observed.text)).toMatchObject(challengedV1);
      else if (error !== null) expect(JSON.parse(observed.text)).not.toHaveProperty("accepts");
    });

    test("with a receipt where a settlement ended, and in no header but its own", () => {
      const header = observed.headers.get(envelope.receipt);
      expect(observed.headers.has(envelope.otherReceipt)).toBe(false);
      expect(header && decode(header)).toEqual(receipt ? receiptOf(receipt, envelope, observed.payer) : null);
    });

    test("while nobody is asked who need not be", () => {
      expect(observed.served).toBe(served ?? 0);
      expect([...new Set(observed.asked)].sort()).toEqual(asked ?? []);
      expect(observed.asked.filter((endpoint) => endpoint === "/settle").length).toBeLessThanOrEqual(1);
    });

    // An answer of the upstream's passes without words of ours.
    if (error === null) return;
    test("with the request's own id", () => {
      expect(JSON.parse(observed.text)).toMatchObject({ requestId: expect.stringMatching(/^[\w-]{8,}$/) });
    });
  });
});

function receiptOf(ending: "settled" | "failed", { network }: Envelope, payer: string): object {
  return ending === "settled"
    ? { success: true, transaction: expect.stringMatching(HASH), network, payer }
    : { success: false, errorReason: "insufficient_funds", transaction: "", network, payer };
}
