import { describe, expect, test } from "vitest";
import type { Outcome } from "../../../src/outcome/index.ts";
import { encodeChallenge } from "../../../src/x402/index.ts";
import { type Payment, signPayment } from "../../support/payment.ts";
import { codeOf, openGate, reasonOf, type Sent } from "./gate.ts";

const BY_QUERY = { by: { query: "m" }, table: { small: "$0.01", large: "$0.02", tiny: "free", secret: "closed" } };
const routeOf = (price: object, changes: object = {}): object => ({ routes: { "/c": { price, ...changes } } });

interface ToldChallenge {
  readonly accepts?: readonly { readonly amount: string }[];
  readonly extensions: { readonly [name: string]: { readonly info: unknown } };
}

/** The challenge of a refusal; empty where it has none. */
function challengeOf(outcome: Outcome): ToldChallenge {
  if (outcome.kind !== "refused" || !("invitation" in outcome.problem)) return { extensions: {} };
  const { challenge, resourceUrl } = outcome.problem.invitation;
  return JSON.parse(atob(encodeChallenge(challenge, resourceUrl, "why"))) as ToldChallenge;
}

const amountsOf = (outcome: Outcome): unknown => challengeOf(outcome).accepts?.map(({ amount }) => amount);

const post = (text: string, changes: Record<string, string | null> = {}): Partial<Sent> => {
  const headers = { "content-type": "application/json", "content-length": String(text.length), ...changes };
  const told = Object.entries(headers).filter((entry): entry is [string, string] => entry[1] !== null);
  return { method: "POST", headers: new Headers(told), body: new TextEncoder().encode(text) };
};

describe("a price by query", () => {
  test.each([
    ["/c?m=small", "payment_required", ["10000"]],
    ["/c?m=large", "payment_required", ["20000"]],
    ["/c?m=tiny", "waived", undefined],
    ["/c?m=secret", "not_sold", undefined],
    ["/c?m=other", "price_unknown", undefined],
    ["/c?m=small&m=large", "price_ambiguous", undefined],
    ["/c", "price_unknown", undefined],
  ])("answers %s: %s", async (path, reason, amounts) => {
    const outcome = await openGate(routeOf(BY_QUERY)).ask(path);
    expect([reasonOf(outcome), amountsOf(outcome)]).toEqual([reason, amounts]);
  });

  test("is taken at its own amount alone", async () => {
    const { pay, seen } = openGate(routeOf(BY_QUERY));
    const cheap = await signPayment("10000");
    expect(codeOf(await pay("/c?m=large", cheap))).toBe("invalid_payment_requirements");
    expect(seen).toEqual([]);
    expect(reasonOf(await pay("/c?m=small", cheap))).toBe("sold");
    expect(seen.map(({ url }) => url)).toEqual(["https://upstream.example/base/c?m=small"]);
  });

  test("gives nothing that is free the headers of another's answer, and none that is refused by the API", async () => {
    const outcome = await openGate(routeOf(BY_QUERY), { upstream: () => ({ status: 402 }) }).ask("/c?m=tiny");
    expect(reasonOf(outcome)).toBe("upstream_not_sellable");
  });
});

test("a price by header is paid for what that says, and for nothing else of the same price", async () => {
  const price = { by: { header: "x-tier" }, table: { basic: "$0.01", gold: "$0.01" } };
  const { pay, seen } = openGate(routeOf(price));
  const payment = await signPayment("10000");
  const of = (tier: string) => ({ headers: new Headers({ "x-tier": tier, "idempotency-key": "k".repeat(22) }) });
  expect(reasonOf(await pay("/c", payment, of("basic")))).toBe("sold");
  expect(reasonOf(await pay("/c", payment, of("gold")))).toBe("payment_bound_elsewhere");
  expect(seen).toHaveLength(1);
});

describe("a price by the body", () => {
  const price = { by: { body: "/size" }, table: { big: "$0.02", small: "$0.01" }, otherwise: "$0.03" };
  const big = '{"size":"big"}';
  const table = { ...routeOf(price), bufferBytesMax: 40 };

  test.each<[string, Partial<Sent>, string, string[] | undefined]>([
    ["that is declared", post(big), "payment_required", ["20000"]],
    ["that is not declared", post(big, { "content-length": null }), "payment_required", ["20000"]],
    ["that no entry names", post('{"size":"huge"}'), "payment_required", ["30000"]],
    ["of no bytes", post(""), "payment_required", ["30000"]],
    ["that GET has none of", {}, "payment_required", ["30000"]],
    [
      "that GET is said to have no byte of",
      { ...post("", { "content-length": "0" }), method: "GET" },
      "payment_required",
      ["30000"],
    ],
    ["that is too long", post(`{"size":"${"x".repeat(40)}"}`), "body_too_large", undefined],
    [
      "that turns out too long",
      post(`{"size":"${"x".repeat(40)}"}`, { "content-length": null }),
      "body_too_large",
      undefined,
    ],
    ["that breaks off", post(big, { "content-length": "20" }), "body_incomplete", undefined],
    ["that is no JSON", post("size=big"), "price_ambiguous", undefined],
    ["that is not said to be JSON", post(big, { "content-type": "text/plain" }), "unsupported_body", undefined],
  ])("%s is read before anything is asked", async (_, sent, reason, amounts) => {
    const { ask, seen } = openGate(table);
    const outcome = await ask("/c", sent);
    expect([reasonOf(outcome), amountsOf(outcome)]).toEqual([reason, amounts]);
    expect(seen).toEqual([]);
  });

  test.each([
    ["declared", undefined],
    ["not declared", null],
  ])("forwards the bytes that were priced, and the payment is bound to them (%s)", async (_, length) => {
    const { pay, seen } = openGate(table);
    const payment = await signPayment("20000");
    const changes = length === null ? { "content-length": null } : {};
    expect(reasonOf(await pay("/c", payment, post(big, changes)))).toBe("sold");
    expect(new TextDecoder().decode(seen[0]?.body as Uint8Array)).toBe(big);
    // Another body of the same price.
    const again = await pay("/c", payment, post('{"size": "big"}', { ...changes, "idempotency-key": "k".repeat(22) }));
    expect(reasonOf(again)).toBe("payment_bound_elsewhere");
  });

  test("is held to the route's own limit where that is less", async () => {
    const { ask } = openGate({ ...routeOf(price, { bodyBytesMax: 14 }), bufferBytesMax: 40 });
    expect(reasonOf(await ask("/c", post(big)))).toBe("payment_required");
    const longer = await ask("/c", post(`${big} `, { "content-length": null }));
    expect(longer).toMatchObject({ problem: { reason: "body_too_large", bytesMax: 14 } });
  });
});

describe("a price of MCP", () => {
  const price = {
    by: "mcp",
    table: { "tools/call search": "$0.02", "tools/call": "$0.01", initialize: "free" },
    otherwise: "closed",
  };
  const table = { ...routeOf(price), bufferBytesMax: 200 };
  const call = (method: string, name?: string): Partial<Sent> =>
    post(JSON.stringify({ jsonrpc: "2.0", id: 1, method, ...(name && { params: { name } }) }));

  test.each<[string, Partial<Sent>, string, string[] | undefined]>([
    ["/c", call("tools/call", "search"), "payment_required", ["20000"]],
    ["/c", call("tools/call", "echo"), "payment_required", ["10000"]],
    ["/c", call("initialize"), "waived", undefined],
    ["/c", call("notifications/initialized"), "waived", undefined],
    ["/c", call("resources/list"), "not_sold", undefined],
    ["/c", { method: "GET" }, "waived", undefined],
    ["/c", { method: "DELETE" }, "waived", undefined],
    ["/c", { method: "PUT" }, "method_not_allowed", undefined],
    ["/c/below", { method: "GET" }, "method_not_allowed", undefined],
    ["/c/below", call("tools/call", "search"), "payment_required", ["20000"]],
    ["/c/below", call("ping"), "not_sold", undefined],
    ["/c/below", post('{"jsonrpc":"2.0","id":1,"result":{}}'), "price_ambiguous", undefined],
    ["/c", { ...call("tools/call", "search"), method: "DELETE" }, "price_ambiguous", undefined],
    ["/c", { ...post("", { "content-length": "0" }), method: "DELETE" }, "waived", undefined],
    ["/c", { ...post("", { "content-length": "0" }), method: "HEAD" }, "waived", undefined],
  ])("at %s, case %#, is %s", async (path, sent, reason, amounts) => {
    const outcome = await openGate(table).ask(path, sent);
    expect([reasonOf(outcome), amountsOf(outcome)]).toEqual([reason, amounts]);
  });

  test.each([
    ["of nothing but tools", {}],
    ["that closes everything else", { otherwise: "closed" }],
    ["that sells everything else", { otherwise: "$0.001" }],
  ])("lets a client in by a table %s: it is greeted and reads the list for nothing", async (_, rest) => {
    const { ask, seen } = openGate({
      ...table,
      ...routeOf({ by: "mcp", table: { "tools/call search": "$0.02" }, ...rest }),
    });
    for (const method of ["initialize", "notifications/initialized", "tools/list", "ping"]) {
      expect(reasonOf(await ask("/c", call(method)))).toBe("waived");
    }
    expect(seen).toHaveLength(4);
    expect(reasonOf(await ask("/c", call("tools/call", "search")))).toBe("payment_required");
  });

  test("is asked for a greeting and the list where the table names them", async () => {
    const named = { initialize: "$0.01", "tools/list": "closed", "tools/call": "$0.02" };
    const { ask } = openGate({ ...table, ...routeOf({ by: "mcp", table: named }) });
    expect(amountsOf(await ask("/c", call("initialize")))).toEqual(["10000"]);
    expect(reasonOf(await ask("/c", call("tools/list")))).toBe("not_sold");
  });

  test.each([
    ["tools/call", "payment_required"],
    ["Tools/call", "price_ambiguous"],
    ["tools/Call", "price_ambiguous"],
    ["tools/call ", "price_ambiguous"],
  ])("is never the rest's for what is nearly a method whose tools have one: %j is %s", async (method, reason) => {
    const own = { by: "mcp", table: { "tools/call search": "$0.02" }, otherwise: "$0.01" };
    const outcome = await openGate({ ...table, ...routeOf(own) }).ask("/c", call(method, "search"));
    expect(reasonOf(outcome)).toBe(reason);
  });
});

describe("a handshake at what costs nothing", () => {
  const headers = new Headers({ upgrade: "websocket" });
  const upstream = () => ({ status: 101, webSocket: {} as WebSocket });

  test.each<[string, object, object, string, string]>([
    ["where MCP's clients listen", { by: "mcp", table: { "tools/call": "$1" } }, {}, "/c", "upgrade_required"],
    ["at a free entry", BY_QUERY, {}, "/c?m=tiny", "upgrade_required"],
    ["at a free entry of a route that sells WebSockets", BY_QUERY, { websocket: true }, "/c?m=tiny", "waived"],
  ])("%s", async (_, price, changes, path, reason) => {
    const { ask, seen } = openGate(routeOf(price, changes), { upstream });
    expect(reasonOf(await ask(path, { headers }))).toBe(reason);
    expect(seen).toHaveLength(reason === "waived" ? 1 : 0);
  });
});

test("a price by the body's length does not read the body", async () => {
  const price = { by: "bodyBytes", table: { 5: "$0.01", 20: "$0.02" } };
  const { ask, pay, seen } = openGate({ ...routeOf(price), bufferBytesMax: 10 });
  expect(amountsOf(await ask("/c", post("x".repeat(5))))).toEqual(["10000"]);
  expect(reasonOf(await ask("/c", post("x".repeat(21))))).toBe("price_unknown");
  expect(reasonOf(await pay("/c", await signPayment("20000"), post("x".repeat(20))))).toBe("sold");
  expect(seen[0]?.body).toBeInstanceOf(ReadableStream);
});

test.each([
  ["gzip", "price_ambiguous"],
  ["identity", "payment_required"],
])("a price by the body's length is told of what APIs do not unpack: %s is %s", async (encoding, reason) => {
  const { ask } = openGate(routeOf({ by: "bodyBytes", table: { 5: "$0.01" } }));
  expect(reasonOf(await ask("/c", post("x", { "content-encoding": encoding })))).toBe(reason);
});

describe("a route that only observes", () => {
  const price = { by: { body: "/size" }, table: { big: "$0.02", none: "free", no: "closed" } };
  const table = { ...routeOf({ ...price, missing: "$0.03" }, { mode: "observe" }), bufferBytesMax: 20 };

  test.each<[string, Partial<Sent>, string, string | null]>([
    ["what has a price", post('{"size":"big"}'), "passed", "$0.02"],
    ["what is free", post('{"size":"none"}'), "passed", null],
    ["what says nothing of it", post("{}"), "passed", "$0.03"],
    ["what has no body", {}, "passed", "$0.03"],
    ["what has no price", post('{"size":"other"}'), "passed", null],
    ["what is no JSON", post("size"), "passed", null],
    ["what is too long to be read", post(`{"size":"${"b".repeat(30)}"}`), "passed", null],
    ["a length that nobody says", post('{"size":"big"}', { "content-length": null }), "passed", null],
    ["what is closed, which stays so", post('{"size":"no"}'), "not_sold", null],
  ])("lets through %s", async (_, sent, reason, observed) => {
    const { ask, lines } = openGate(table);
    expect(reasonOf(await ask("/c", sent))).toBe(reason);
    expect(lines[0]?.observed?.price ?? null).toBe(observed);
  });

  test("hands a preflight to the API, as all of the path does", async () => {
    const headers = new Headers({ origin: "https://app.example", "access-control-request-method": "GET" });
    const { ask, seen } = openGate(table);
    expect(reasonOf(await ask("/c", { method: "OPTIONS", headers }))).toBe("passed");
    expect(seen).toHaveLength(1);
    expect(reasonOf(await openGate(routeOf(price)).ask("/c", { method: "OPTIONS", headers }))).toBe("preflight");
  });
});

describe("what a challenge quotes", () => {
  interface Info {
    readonly price: string;
    readonly expires: number;
    readonly call: string;
    readonly mac: string;
  }
  const tableAt = (small: unknown, changes: object = {}): object =>
    routeOf(
      { ...BY_QUERY, table: { small, large: "$0.02" }, otherwise: "$0.05" },
      { maxTimeoutSeconds: 60, ...changes },
    );
  const quoteOf = (outcome: Outcome): Info => challengeOf(outcome).extensions["price-quote"]?.info as Info;
  const echoing = (payment: Payment, info: unknown): Payment => ({
    ...payment,
    extensions: { "price-quote": { info } },
  });

  const asked = async (changes: object = {}) => {
    const before = openGate(tableAt("$0.01", changes));
    return { before, info: quoteOf(await before.ask("/c?m=small")) };
  };

  test("is the price, its end, and which call it is for, in the shape of an extension", async () => {
    const { before, info } = await asked();
    expect(info).toEqual({
      price: "$0.01",
      expires: Math.floor(before.clock.nowMs / 1000) + 60,
      call: expect.stringMatching(/^[0-9a-f]{64}$/),
      mac: expect.stringMatching(/^[\w-]{43}$/),
    });
    const { extensions } = challengeOf(await before.ask("/c?m=small"));
    expect(Object.keys(extensions)).toEqual(["payment-identifier", "price-quote"]);
    const alone = openGate({ ...tableAt("$0.01"), paymentIdentifier: "off" });
    expect(Object.keys(challengeOf(await alone.ask("/c?m=small")).extensions)).toEqual(["price-quote"]);
  });

  test("stands on every fresh challenge, and on none of a plain price", async () => {
    const { pay, ask } = openGate({ routes: { "/c": { price: BY_QUERY }, "/plain": "$0.01" } });
    const refused = await pay("/c?m=large", await signPayment("1"));
    expect(quoteOf(refused).price).toBe("$0.02");
    expect(challengeOf(await ask("/plain")).extensions).not.toHaveProperty("price-quote");
  });

  test.each([
    ["dearer", "$0.04"],
    ["cheaper", "$0.005"],
  ])("is honoured when the price is %s by then, and the goods are delivered once", async (_, price) => {
    const { before, info } = await asked();
    const after = openGate(tableAt(price), { before: before.place });
    const payment = echoing(await signPayment("10000"), info);
    expect(reasonOf(await after.pay("/c?m=small", payment))).toBe("sold");
    expect(after.seen).toHaveLength(1);
    expect(reasonOf(await after.pay("/c?m=small", payment))).toBe("payment_settled");
  });

  test("is honoured at its own amount alone", async () => {
    const { before, info } = await asked();
    const after = openGate(tableAt("$0.04"), { before: before.place });
    for (const amount of ["40000", "9999", "10001"]) {
      const outcome = await after.pay("/c?m=small", echoing(await signPayment(amount), info));
      expect(codeOf(outcome)).toBe("invalid_payment_requirements");
      expect(amountsOf(outcome)).toEqual(["40000"]);
    }
    expect(after.seen).toEqual([]);
  });

  test("costs today's price without an echo", async () => {
    const { before } = await asked();
    const after = openGate(tableAt("$0.04"), { before: before.place });
    const old = await after.pay("/c?m=small", await signPayment("10000"));
    expect(codeOf(old)).toBe("invalid_payment_requirements");
    expect(quoteOf(old).price).toBe("$0.04");
    expect(reasonOf(await after.pay("/c?m=small", await signPayment("40000")))).toBe("sold");
  });

  test("is told by HEAD for GET", async () => {
    const before = openGate(tableAt("$0.01"));
    const info = quoteOf(await before.ask("/c?m=small", { method: "HEAD" }));
    const after = openGate(tableAt("$0.04"), { before: before.place });
    expect(reasonOf(await after.pay("/c?m=small", echoing(await signPayment("10000"), info)))).toBe("sold");
  });

  test.each<[string, (info: Info) => unknown, string]>([
    ["its price was changed", (info) => ({ ...info, price: "$0.001" }), "price_quote_invalid"],
    ["its end was changed", (info) => ({ ...info, expires: info.expires + 1 }), "price_quote_invalid"],
    ["its call was changed", (info) => ({ ...info, call: "0".repeat(64) }), "price_quote_invalid"],
    ["its MAC was changed", (info) => ({ ...info, mac: `${info.mac.slice(0, -1)}_` }), "price_quote_invalid"],
    ["its MAC is gone", ({ mac: _, ...info }) => info, "price_quote_invalid"],
    ["its end is no time", (info) => ({ ...info, expires: "later" }), "price_quote_invalid"],
    ["it is none", () => null, "price_quote_invalid"],
  ])("is 402 with a fresh challenge where %s, whatever is paid", async (_, change, code) => {
    const { before, info } = await asked();
    for (const amount of ["10000", "1000"]) {
      const outcome = await before.pay("/c?m=small", echoing(await signPayment(amount), change(info)));
      expect([codeOf(outcome), amountsOf(outcome)]).toEqual([code, ["10000"]]);
      expect(quoteOf(outcome).price).toBe("$0.01");
    }
    expect([before.seen, before.asked]).toEqual([[], []]);
  });

  test("is not looked for in what is no payment", async () => {
    const { ask, seen } = openGate(tableAt("$0.01"));
    const headers = new Headers({ "payment-signature": "?" });
    expect(reasonOf(await ask("/c?m=small", { headers }))).toBe("invalid_payload");
    expect(seen).toEqual([]);
  });

  test("is none where it is no extension at all", async () => {
    const { before } = await asked();
    const payment = { ...(await signPayment("10000")), extensions: { "price-quote": [] } };
    expect(codeOf(await before.pay("/c?m=small", payment))).toBe("price_quote_invalid");
  });

  test.each<[string, string, object]>([
    ["of something cheaper there", "/c?m=large", {}],
    ["of another place", "/c/below?m=small", {}],
    ["of another method", "/c?m=small", { method: "DELETE" }],
    ["of what an entry did not name", "/c?m=rest", {}],
  ])("is not taken for another call: one %s", async (_, path, sent) => {
    const { before, info } = await asked();
    const outcome = await before.pay(path, echoing(await signPayment("10000"), info), sent);
    expect(codeOf(outcome)).toBe("price_quote_mismatch");
    expect(before.seen).toEqual([]);
  });

  test("ends: then today's price holds, and where that is another one the payer is told so", async () => {
    const { before, info } = await asked();
    const after = openGate(tableAt("$0.04"), { before: before.place });
    after.clock.nowMs = info.expires * 1000;
    const payAt = async (gate: typeof before): Promise<Outcome> =>
      gate.pay("/c?m=small", echoing(await signPayment("10000"), info));
    expect(reasonOf(await payAt(after))).toBe("sold");
    after.clock.nowMs += 1;
    expect(codeOf(await payAt(after))).toBe("price_quote_expired");
    expect(reasonOf(await payAt(before))).toBe("sold");
  });

  test("is for nothing else that its route follows by then, though that says the same", async () => {
    const tableOf = (query: string, a: string) => routeOf({ by: { query }, table: { a } });
    const before = openGate(tableOf("m", "$0.01"));
    const info = quoteOf(await before.ask("/c?m=a"));
    const after = openGate(tableOf("n", "$0.04"), { before: before.place });
    const outcome = await after.pay("/c?n=a", echoing(await signPayment("10000"), info));
    expect([codeOf(outcome), amountsOf(outcome)]).toEqual(["price_quote_mismatch", ["40000"]]);
  });

  test("does not hide the truth of a payment that was taken before it ended", async () => {
    const { before, info } = await asked();
    const payment = echoing(await signPayment("10000"), info);
    const isLost = openGate(tableAt("$0.01"), {
      before: before.place,
      settle: () => {
        throw new Error("the connection broke");
      },
    });
    expect(reasonOf(await isLost.pay("/c?m=small", payment))).toBe("settlement_unknown");
    const after = openGate(tableAt("$0.04"), { before: before.place });
    after.clock.nowMs = (info.expires + 1) * 1000;
    // Found out on the spot: nobody is asked to sign another one.
    expect(reasonOf(await after.pay("/c?m=small", payment))).toBe("payment_settled");
  });

  test("does not hold in a token that cannot take it", async () => {
    const asset = "0x60a3E35Cc302bFA44Cb288Bc5a4F316Fdb1adb42";
    const tokens = [{ network: "base-sepolia", asset, name: "E", version: "1", decimals: 6 }];
    const atomic = { ...tableAt({ amount: "10000", asset }), tokens };
    const inUnits = openGate({
      ...atomic,
      routes: { "/c": { price: { by: { query: "m" }, table: { small: { amount: "10000", asset } } } } },
    });
    const info = quoteOf(await inUnits.ask("/c?m=small"));
    expect(info.price).toBe(`10000 ${asset}`);
    const after = openGate(tableAt("$0.01"), { before: inUnits.place });
    const outcome = await after.pay("/c?m=small", echoing(await signPayment("10000"), info));
    expect(codeOf(outcome)).toBe("price_quote_mismatch");
  });

  test("is left out rather than waited for, where the gate's own key does not come", async () => {
    const before = openGate(tableAt("$0.01"), { changes: { seal: { sign: () => new Promise(() => undefined) } } });
    const startedMs = performance.now();
    expect(amountsOf(await before.ask("/c?m=small"))).toEqual(["10000"]);
    expect(performance.now() - startedMs).toBeLessThan(2000);
  });

  test("is left out where the gate's own key cannot be had, and one that is echoed then is nobody's to judge", async () => {
    const { before, info } = await asked();
    const away = openGate(tableAt("$0.01"), {
      before: before.place,
      ledger: (method) => (method === "key" ? "away" : "answers"),
    });
    const outcome = await away.ask("/c?m=small");
    expect(amountsOf(outcome)).toEqual(["10000"]);
    expect(challengeOf(outcome).extensions).not.toHaveProperty("price-quote");
    expect(reasonOf(await away.pay("/c?m=small", await signPayment("10000")))).toBe("sold");
    const unknown = await away.pay("/c?m=small", echoing(await signPayment("10000"), info));
    expect(reasonOf(unknown)).toBe("ledger_unavailable");
  });
});
