import { describe, expect, test, vi } from "vitest";
import type { RequestLine } from "../../src/gateway/index.ts";
import { logRequest } from "../../src/log.ts";
import type { Outcome } from "../../src/outcome/index.ts";
import { parseTarget } from "../../src/route/index.ts";
import { buildTerms } from "../../src/schemes/index.ts";
import { buildChallenge, findNetwork } from "../../src/x402/index.ts";
import { ASSET, NETWORK, PAY_TO } from "../support/payment.ts";

const SECRET = "not-to-be-read";
const read = parseTarget(`https://api.example.com/goods/1?key=${SECRET}`);
const target = read.ok ? read.value : expect.fail();
const answer = { status: 201, headers: new Headers({ "set-cookie": SECRET }), body: new TextEncoder().encode(SECRET) };
const receipt = { x402Version: 2, success: true, transaction: "0xab", network: NETWORK, payer: PAY_TO } as const;
const invitation = { challenge: buildChallenge({ description: SECRET }, [], {}), resourceUrl: `https://h/?${SECRET}` };
const payment = {
  id: `${NETWORK}|${ASSET}|${PAY_TO}|0x${"cd".repeat(32)}`.toLowerCase(),
  ...{ payer: PAY_TO, network: NETWORK, asset: ASSET, amount: "10000", payTo: PAY_TO, isProven: true },
  scheme: "exact",
  // What a payment carries besides on its way, as the compiler cannot see.
  payload: { signature: SECRET },
} as unknown as NonNullable<RequestLine["payment"]>;

const line: RequestLine = {
  ...{ requestId: "r-1", method: "GET", target, route: "GET /goods/:id", payment: null, observed: null },
  unquoted: null,
  unavailable: [],
  outcome: { kind: "passed", answer },
  durationMs: 12,
  steps: { upstream: 7 },
};

function logged(changes: Partial<RequestLine>): { readonly [key: string]: unknown } {
  using log = vi.spyOn(console, "log").mockImplementation(() => undefined);
  logRequest({ ...line, ...changes });
  expect(log).toHaveBeenCalledOnce();
  const [text, ...more] = log.mock.calls[0] as [string];
  expect(more).toEqual([]);
  expect(text).not.toContain("\n");
  expect(text).not.toContain(SECRET);
  return JSON.parse(text);
}

test("a request is one line of JSON: where it went, what became of it, how long that took", () => {
  expect(logged({})).toEqual({
    ...{ event: "request", requestId: "r-1", method: "GET", host: "api.example.com", path: "/goods/1" },
    ...{ route: "GET /goods/:id", outcome: "passed", status: 201 },
    ...{ durationMs: 12, steps: { upstream: 7 } },
  });
});

test("facilitators that verified nothing are named, with why", () => {
  const one = { name: "one.example #2", why: "verify answered 404 without isValid" };
  expect(logged({ unavailable: [one] })).toMatchObject({ outcome: "passed", facilitators: [one] });
});

test("a long path is told by its beginning", () => {
  const long = parseTarget(`https://api.example.com/${"a".repeat(5_000)}`);
  const told = logged({ target: long.ok ? long.value : expect.fail() });
  expect(told).toMatchObject({ path: `/${"a".repeat(255)}` });
});

describe("the line ends", () => {
  const refused = (problem: Extract<Outcome, { kind: "refused" }>["problem"]): Outcome => ({
    kind: "refused",
    problem,
  });

  test.each<[string, Outcome, object]>([
    [
      "settled, with the transaction",
      { kind: "sold", answer, receipt },
      { outcome: "settled", status: 201, transaction: "0xab" },
    ],
    ["passed", { kind: "passed", answer }, { outcome: "passed", status: 201 }],
    ["waived", { kind: "waived", answer }, { outcome: "passed", status: 201 }],
    ["served, which is settled behind it", { kind: "served", answer }, { outcome: "served", status: 201 }],
    ["uncharged", { kind: "unsold", answer }, { outcome: "uncharged", status: 201 }],
    ["told, without a word of what", { kind: "told", json: { payer: SECRET } }, { outcome: "told" }],
    [
      "in a preflight",
      { kind: "preflight", preflight: { methods: ["GET"], requested: SECRET } },
      { outcome: "preflight" },
    ],
    ["in a challenge", refused({ reason: "payment_required", invitation }), { outcome: "payment_required" }],
    [
      "refused, with x402's word for why",
      refused({ reason: "payment_refused", code: "invalid_scheme", invitation }),
      { outcome: "payment_refused", reason: "invalid_scheme" },
    ],
    [
      "refused, without the evidence",
      refused({ reason: "invalid_payload", detail: SECRET }),
      { outcome: "invalid_payload" },
    ],
    [
      "refused, by what is known of the payment",
      refused({ reason: "payment_settled", transaction: "0x", isCredit: false }),
      { outcome: "payment_settled" },
    ],
  ])("%s", (_, outcome, ending) => {
    const { event, requestId, method, host, path, route, durationMs, steps, ...rest } = logged({ outcome });
    expect(rest).toEqual(ending);
  });
});

test("a payment is told with its money and its people, and nothing that was signed", () => {
  const money = { network: NETWORK, asset: ASSET, amount: "10000", payer: PAY_TO, payTo: PAY_TO };
  const told = logged({ payment });
  expect(told).toMatchObject(money);
  expect(Object.keys(told)).toHaveLength(Object.keys(logged({})).length + Object.keys(money).length);
});

describe("of a metered call", () => {
  const metered = { ...payment, scheme: "upto" } as const;
  const amounts = ({ amount, max }: ReturnType<typeof logged>) => ({ amount, max });

  test.each(["7000", "0"])("a whole answer is told with what was charged for it: %s", (charge) => {
    const told = logged({
      payment: metered,
      outcome: { kind: "sold", answer, receipt: { ...receipt, amount: charge } },
    });
    expect(told).toMatchObject({ outcome: "settled", network: NETWORK, asset: ASSET, payer: PAY_TO, payTo: PAY_TO });
    expect(amounts(told)).toEqual({ amount: charge, max: undefined });
  });

  test.each<[string, Outcome]>([
    ["a stream, whose charge nobody knows yet,", { kind: "served", answer }],
    ["an answer that is not sold", { kind: "unsold", answer }],
    ["what was paid for before", { kind: "redelivered", answer, receipt }],
    [
      "a settlement that nobody knows about",
      { kind: "refused", problem: { reason: "settlement_unknown", credit: null } },
    ],
  ])("%s is told with the most that it could cost", (_, outcome) => {
    expect(amounts(logged({ payment: metered, outcome }))).toEqual({ amount: undefined, max: "10000" });
  });
});

function observedOn(scheme: "exact" | "upto", ...networks: readonly string[]): unknown {
  const terms = networks.map((name, i) => {
    const { network, token } = findNetwork(name) ?? expect.fail();
    const money = { network, token, amount: BigInt(10 + i), payTo: PAY_TO, maxTimeoutSeconds: 60 };
    const assetTransferMethod = scheme === "upto" ? "permit2" : "eip3009";
    return buildTerms({ ...money, scheme, assetTransferMethod }, false, "authorization") ?? expect.fail();
  });
  const observed = { terms, challenge: invitation.challenge } as unknown as NonNullable<RequestLine["observed"]>;
  return logged({ observed })["observed"];
}

test("an observed call of a price that follows use is told with the most that it could cost", () => {
  expect(observedOn("upto", "base-sepolia")).toEqual([{ network: NETWORK, asset: ASSET, max: "10" }]);
});

test("an observed call is told with every way to pay what it would have cost", () => {
  expect(observedOn("exact", "base-sepolia", "base")).toEqual([
    { network: NETWORK, asset: ASSET, amount: "10" },
    { network: "eip155:8453", asset: "0x833589fCD6eDb6E08f4c7C32D4f71b54bdA02913", amount: "11" },
  ]);
});

test("a target that could not be read has neither host nor path", () => {
  const told = logged({ target: null, route: null, outcome: { kind: "refused", problem: { reason: "invalid_host" } } });
  expect(told).toMatchObject({ route: null, outcome: "invalid_host" });
  expect(told).not.toHaveProperty("host");
  expect(told).not.toHaveProperty("path");
});
