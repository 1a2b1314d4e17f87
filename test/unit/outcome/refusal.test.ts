import { decodePaymentRequiredHeader, decodePaymentResponseHeader } from "@x402/core/http";
import { describe, expect, test } from "vitest";
import { respond } from "../../../src/outcome/index.ts";
import type { Problem } from "../../../src/problem.ts";
import { buildChallenge } from "../../../src/x402/index.ts";
import { NETWORK, PAY_TO } from "../../support/payment.ts";

const invitation = { challenge: buildChallenge({ description: "Goods" }, [], {}), resourceUrl: "https://h/goods" };
const settlement = {
  success: false,
  errorReason: "insufficient_funds",
  transaction: "",
  network: NETWORK,
  payer: PAY_TO,
};

const paid = { success: true, transaction: "0xab", network: NETWORK, payer: PAY_TO };
const credit = { payment: "https://h/.faregate/payments/a.b", redeem: "a.c" };

type Of<R extends Problem["reason"]> = Extract<Problem, { reason: R }>;

interface Row<P extends Problem> {
  readonly problem: Omit<P, "reason">;
  readonly status: number;
  readonly message: string;
  /** The machine's word, where it is not the reason. */
  readonly error?: string;
  readonly evidence?: object;
  readonly headers?: { readonly [name: string]: string };
  /** What the challenge says; absent where there is none. */
  readonly challenge?: string;
  /** What PAYMENT-RESPONSE says; absent where there is none. */
  readonly receipt?: object;
}

const rows: { readonly [R in Problem["reason"]]: Row<Of<R>> } = {
  invalid_path: {
    problem: { flaw: "backslash" },
    status: 400,
    message: "Write the path in its plain form.",
    evidence: { flaw: "backslash" },
  },
  invalid_host: { problem: {}, status: 400, message: "The Host header is not a host name." },
  misdirected: { problem: {}, status: 421, message: "This host is not served here." },
  loop_detected: { problem: {}, status: 508, message: "The API behind the gate leads back to the gate." },
  invalid_query: { problem: {}, status: 400, message: "Percent-encode the query." },
  uri_too_long: { problem: { bytesMax: 1024 }, status: 414, message: "Keep the URL within 1024 bytes, query aside." },
  unexpected_body: { problem: {}, status: 400, message: "Send GET and HEAD without a body." },
  body_incomplete: {
    problem: {},
    status: 400,
    message: "The body broke off: send all of it. You were not charged.",
  },
  body_too_large: {
    problem: { bytesMax: 10 },
    status: 413,
    message: "Keep the body within 10 bytes. You were not charged.",
  },
  not_found: { problem: {}, status: 404, message: "There is nothing here." },
  price_ambiguous: {
    problem: { by: "the header x-tier", why: "it is empty there" },
    status: 400,
    message: "The price depends on the header x-tier, and it is empty there.",
  },
  price_unknown: {
    problem: { by: "/size of the body" },
    status: 400,
    message: "The price depends on /size of the body, and nothing is sold for what it is here.",
  },
  not_sold: { problem: {}, status: 403, message: "This is not sold here." },
  quote_unavailable: {
    problem: {},
    status: 503,
    message: "What this costs cannot be found out now. You were not charged.",
    headers: { "retry-after": "5" },
  },
  unsupported_body: {
    problem: {},
    status: 415,
    message: "The price depends on the body: send JSON in UTF-8 as application/json, and do not compress it.",
  },
  length_required: {
    problem: {},
    status: 411,
    message: "The price depends on the body's length: send Content-Length.",
  },
  method_not_allowed: {
    problem: { allow: ["GET", "HEAD", "POST"] },
    status: 405,
    message: "Use GET, HEAD, POST.",
    headers: { allow: "GET, HEAD, POST" },
  },
  upgrade_required: {
    problem: {},
    status: 426,
    message: "No such WebSocket is sold here: send a plain request, or where WebSockets are sold one of version 13.",
    headers: { upgrade: "HTTP/1.1", connection: "upgrade", "sec-websocket-version": "13" },
  },
  payment_required: {
    problem: { invitation },
    status: 402,
    message: "Pay with x402: sign an entry of PAYMENT-REQUIRED and send it as PAYMENT-SIGNATURE.",
    challenge: "PAYMENT-SIGNATURE header is required",
  },
  payment_header_too_large: {
    problem: { bytesMax: 16_384 },
    status: 431,
    message: "Keep the payment header within 16384 bytes.",
  },
  invalid_payload: {
    problem: { detail: "it is not JSON" },
    status: 400,
    message: "The payment cannot be read: it is not JSON.",
  },
  payment_refused: {
    problem: { code: "invalid_network", invitation },
    status: 402,
    message: "This payment is not accepted. You were not charged.",
    error: "invalid_network",
    challenge: "invalid_network",
  },
  permit2_allowance_required: {
    problem: { invitation },
    status: 412,
    message:
      "Permit2 may not move enough of this token for you: approve 0x000000000022D473030F116dDEE9F6B43aC78BA3 as its spender, then pay again. You were not charged.",
    evidence: { spender: "0x000000000022D473030F116dDEE9F6B43aC78BA3" },
    challenge: "permit2_allowance_required",
  },
  too_many_unproven: {
    problem: {},
    status: 429,
    message: "Too many payments of contract wallets come from your address; wait a minute. You were not charged.",
    headers: { "retry-after": "60" },
  },
  payment_in_flight: {
    problem: {},
    status: 409,
    message: "This payment is being used by another request; wait for its answer.",
    headers: { "retry-after": "2" },
  },
  payment_settled: {
    problem: { transaction: "0xab", isCredit: false },
    status: 409,
    message: "This payment was already settled and bought one answer.",
    evidence: { transaction: "0xab" },
  },
  payment_bound_elsewhere: { problem: {}, status: 409, message: "This payment belongs to another request." },
  payment_ended: {
    problem: { code: "upstream_500", invitation },
    status: 402,
    message: "This payment ended without a charge and cannot be used again; sign a new one.",
    error: "upstream_500",
    challenge: "upstream_500",
  },
  key_reused: {
    problem: {},
    status: 409,
    message: "This Idempotency-Key stands for another request; take a new one. You were not charged.",
  },
  invalid_voucher: {
    problem: {},
    status: 403,
    message: "Faregate-Redeem is neither a token of this gate nor signed by the payer for this hour.",
  },
  payer_over_cap: {
    problem: { cap: "unsettled" },
    status: 429,
    message: "Too much of yours is not settled yet; wait until it is. You were not charged.",
    headers: { "retry-after": "5" },
    evidence: { cap: "unsettled" },
  },
  settlement_unknown: {
    problem: { credit },
    status: 503,
    message: "It is not known yet whether this payment settled. Do not pay again; repeat this request later.",
    headers: { "retry-after": "5" },
    evidence: credit,
  },
  paid_undelivered: {
    problem: { cause: "upstream_500", status: 500, receipt: { x402Version: 2, ...paid }, credit },
    status: 500,
    message:
      "You paid, and the API did not deliver. Repeat this request with Faregate-Redeem; nothing more is charged.",
    evidence: { cause: "upstream_500", transaction: "0xab", ...credit },
    receipt: paid,
  },
  settlement_rejected: {
    problem: { code: "insufficient_funds", receipt: { x402Version: 2, ...settlement }, invitation },
    status: 402,
    message: "The payment could not be settled. You were not charged.",
    error: "insufficient_funds",
    challenge: "insufficient_funds",
    receipt: settlement,
  },
  ledger_unavailable: {
    problem: {},
    status: 503,
    message: "The gate's ledger cannot be reached. You were not charged.",
    headers: { "retry-after": "5" },
  },
  facilitator_unavailable: {
    problem: {},
    status: 503,
    message: "No facilitator verified this payment. You were not charged.",
    headers: { "retry-after": "5" },
  },
  facilitator_unknown: {
    problem: {},
    status: 503,
    message: "It is not known yet for whom a payment would have to be signed: ask again. You were not charged.",
    headers: { "retry-after": "2" },
  },
  upstream_unreachable: {
    problem: {},
    status: 502,
    message: "The API behind the gate cannot be reached. You were not charged.",
  },
  upstream_timeout: {
    problem: {},
    status: 504,
    message: "The API behind the gate did not answer in time. You were not charged.",
  },
  upstream_not_sellable: {
    problem: { status: 302 },
    status: 502,
    message: "The API behind the gate answered 302, which is not for sale. You were not charged.",
  },
  misconfigured: { problem: {}, status: 500, message: "The gate is misconfigured; its log says how." },
  internal_error: { problem: {}, status: 500, message: "The gate failed." },
};

const asker = { requestId: "r-1", origin: null };
const entries = Object.entries(rows).map(([reason, row]) => [reason, row] as const);
const answer = (reason: string, { problem }: Row<Problem>): Response =>
  respond({ kind: "refused", problem: { reason, ...problem } as Problem }, "*", asker);
/** Headers that only some refusals have. */
const CONDITIONAL = [
  "sec-websocket-version",
  "allow",
  "connection",
  "upgrade",
  "retry-after",
  "location",
  "www-authenticate",
  "set-cookie",
];

describe.each(entries)("%s", (reason, row) => {
  test(`answers ${row.status}, never to be stored`, () => {
    const { status, headers } = answer(reason, row);
    expect(status).toBe(row.status);
    expect(headers.get("cache-control")).toBe("no-store");
    expect(headers.get("content-type")).toBe("application/json");
  });

  test("says in its body what happened, for the machine, for its reader, and for whoever looks into the log", async () => {
    const { error = reason, message, evidence } = row;
    expect(await answer(reason, row).json()).toEqual({ error, message, ...evidence, requestId: "r-1" });
  });

  test("has the headers that belong to it and no other", () => {
    const { headers } = answer(reason, row);
    const present = CONDITIONAL.flatMap((name) => (headers.has(name) ? [[name, headers.get(name)]] : []));
    expect(Object.fromEntries(present)).toEqual(row.headers ?? {});
  });

  test(row.challenge === undefined ? "invites nobody to pay" : "brings the challenge and its reason", () => {
    const header = answer(reason, row).headers.get("payment-required");
    const challenge = header && decodePaymentRequiredHeader(header);
    expect(challenge).toEqual(
      row.challenge === undefined
        ? null
        : {
            x402Version: 2,
            error: row.challenge,
            resource: { url: "https://h/goods", description: "Goods" },
            accepts: [],
          },
    );
  });

  test(row.receipt === undefined ? "looks like no settlement" : "brings the settlement as it ended", () => {
    const header = answer(reason, row).headers.get("payment-response");
    expect(header && decodePaymentResponseHeader(header)).toEqual(row.receipt ?? null);
  });
});

describe("what an API did not deliver that was paid for", () => {
  const problem = { reason: "paid_undelivered", receipt: { x402Version: 2, ...paid }, credit } as const;
  const undelivered = (changes: { cause: string; status: number | null }) =>
    respond({ kind: "refused", problem: { ...problem, ...changes } }, "*", asker);

  test.each([
    ["its own error", "upstream_404", 404, 404],
    ["that it was too slow", "upstream_timeout", null, 504],
    ["that it could not be reached", "upstream_unreachable", null, 502],
    ["that its answer is not for sale", "upstream_302", null, 502],
  ])("is told as %s", async (_, cause, status, told) => {
    const response = undelivered({ cause, status });
    expect(response.status).toBe(told);
    expect(await response.json()).toMatchObject({ error: "paid_undelivered", cause });
  });

  test("is told without a token where the gate's own key cannot be had: then the payer's signature is the proof", async () => {
    const response = respond(
      { kind: "refused", problem: { ...problem, cause: "upstream_500", status: 500, credit: null } },
      "*",
      asker,
    );
    expect(Object.keys((await response.json()) as object).sort()).toEqual(
      ["cause", "error", "message", "requestId", "transaction"].sort(),
    );
    expect(response.headers.has("payment-response")).toBe(true);
  });
});

test("a settlement that is not known is told without a token to who only presents the payment", async () => {
  const response = respond({ kind: "refused", problem: { reason: "settlement_unknown", credit: null } }, "*", asker);
  expect(await response.json()).toEqual({ error: "settlement_unknown", message: expect.any(String), requestId: "r-1" });
});

test("a payment whose goods were not delivered is told so, and how its buyer has them", async () => {
  const problem = { reason: "payment_settled", transaction: "0xab", isCredit: true } as const;
  const response = respond({ kind: "refused", problem }, "*", asker);
  expect(response.status).toBe(409);
  expect(((await response.json()) as { message: string }).message).toContain("Faregate-Redeem");
  expect(response.headers.has("payment-required")).toBe(false);
});

test.each([
  ["in_flight", "5", "Too many of your payments are under way; wait for their answers. You were not charged."],
  ["unsettled", "5", "Too much of yours is not settled yet; wait until it is. You were not charged."],
  ["uncharged", "60", "Too many of your requests ended without a charge within the hour. You were not charged."],
] as const)("a payer over the cap %s is told when to come again, and why", async (cap, seconds, message) => {
  const response = respond({ kind: "refused", problem: { reason: "payer_over_cap", cap } }, "*", asker);
  expect(response.status).toBe(429);
  expect(response.headers.get("retry-after")).toBe(seconds);
  expect(await response.json()).toMatchObject({ cap, message });
});
