import { describe, expect, test } from "vitest";
import type { Outcome } from "../../../src/outcome/index.ts";
import { encodeChallenge } from "../../../src/x402/index.ts";
import { type Payment, signPayment } from "../../support/payment.ts";
import { type Around, codeOf, GOODS, keyed, openGate, reasonOf, type Sent, tokenOf } from "./gate.ts";

const tableAt = (price: object = {}, changes: object = {}): object => ({
  bufferBytesMax: 40,
  routes: { "/q": { price: { quote: "/quote", max: "$1", ...price }, maxTimeoutSeconds: 60, ...changes } },
});

const QUOTE_URL = "https://upstream.example/base/quote";

/** An API that says what each answer in turn is, and the last one from then on. */
function saying(...answers: readonly unknown[]): Around["upstream"] & { asked: Sent[] } {
  const asked: Sent[] = [];
  const upstream = (sent: Sent) => {
    if (sent.url !== QUOTE_URL) return GOODS;
    asked.push(sent);
    const answer = answers[Math.min(asked.length, answers.length) - 1];
    if (answer instanceof Response) return { status: answer.status, headers: answer.headers, body: answer.body };
    const body = typeof answer === "string" ? answer : JSON.stringify(answer);
    return { status: 200, headers: { "content-length": String(body.length) }, body };
  };
  return Object.assign(upstream as Around["upstream"], { asked });
}

interface Told {
  readonly accepts?: readonly { readonly amount: string }[];
  readonly extensions: { readonly "price-quote"?: { readonly info: { price: string; expires: number } } };
}

function challengeOf(outcome: Outcome): Told {
  if (outcome.kind !== "refused" || !("invitation" in outcome.problem)) return { extensions: {} };
  const { challenge, resourceUrl } = outcome.problem.invitation;
  return JSON.parse(atob(encodeChallenge(challenge, resourceUrl, "why"))) as Told;
}

const amountsOf = (outcome: Outcome): unknown => challengeOf(outcome).accepts?.map(({ amount }) => amount);
const quoteOf = (outcome: Outcome) => challengeOf(outcome).extensions["price-quote"]?.info;
const echoing = (payment: Payment, info: unknown): Payment => ({ ...payment, extensions: { "price-quote": { info } } });

const post = (text: string, changes: Record<string, string> = {}): Partial<Sent> => ({
  method: "POST",
  headers: new Headers({ "content-type": "text/plain", "content-length": String(text.length), ...changes }),
  body: new TextEncoder().encode(text),
});

describe("a price that the API names", () => {
  test("is asked for before the call is, and then the call is sold at it", async () => {
    const upstream = saying({ price: "$0.0123" });
    const { ask, pay, seen, lines } = openGate(tableAt(), { upstream });
    const asked = await ask("/q?a=%20b", post("goods"));
    expect([reasonOf(asked), amountsOf(asked)]).toEqual(["payment_required", ["12300"]]);
    expect(lines[0]?.steps).toHaveProperty("quote");
    const payment = echoing(await signPayment("12300"), quoteOf(asked));
    expect(reasonOf(await pay("/q?a=%20b", payment, post("goods")))).toBe("sold");
    // The quote came back, so nobody is asked again.
    expect(seen.map(({ url }) => url)).toEqual([QUOTE_URL, "https://upstream.example/base/q?a=%20b"]);
  });

  test("is asked for with what will be forwarded, and nothing else of the client's", async () => {
    const upstream = saying({ price: "$0.01" });
    const { ask } = openGate(tableAt(), { upstream });
    await ask("/q/%61?a=%20b", post("goods", { authorization: "secret" }));
    const [sent] = upstream.asked;
    expect(sent).toMatchObject({ method: "POST", url: QUOTE_URL, cache: "no-store" });
    expect(sent?.headers.has("authorization")).toBe(false);
    expect(JSON.parse(new TextDecoder().decode(sent?.body as Uint8Array))).toEqual({
      ...{ method: "POST", host: "api.example.com", path: "/q/a", query: "a=%20b" },
      ...{ contentType: "text/plain", contentLength: 5 },
    });
    await ask("/q");
    expect(JSON.parse(new TextDecoder().decode(upstream.asked[1]?.body as Uint8Array))).toEqual({
      ...{ method: "GET", host: "api.example.com", path: "/q", query: "", contentType: null, contentLength: null },
    });
  });

  test("follows the body where the table says so, whose bytes are then the ones that are sold", async () => {
    const upstream = saying({ price: "$0.01" });
    const { ask, pay, seen } = openGate(tableAt({ sendBody: true }), { upstream });
    const info = quoteOf(await ask("/q", post("goods")));
    const question = JSON.parse(new TextDecoder().decode(upstream.asked[0]?.body as Uint8Array));
    expect(atob(question.bodyBase64)).toBe("goods");
    const elsewhere = await pay("/q", echoing(await signPayment("10000"), info), post("other"));
    expect(codeOf(elsewhere)).toBe("price_quote_mismatch");
    expect(reasonOf(await pay("/q", echoing(await signPayment("10000"), info), post("goods")))).toBe("sold");
    expect(new TextDecoder().decode(seen.at(-1)?.body as Uint8Array)).toBe("goods");
    expect(reasonOf(await ask("/q", post("x".repeat(41))))).toBe("body_too_large");
    await ask("/q");
    expect(JSON.parse(new TextDecoder().decode(upstream.asked.at(-1)?.body as Uint8Array))).toMatchObject({
      bodyBase64: "",
    });
  });

  test.each<[string, object, Partial<Sent>]>([
    ["of another length", {}, post("more")],
    [
      "of the same bytes that are said to be something else",
      { sendBody: true },
      post("few", { "content-type": "text/csv" }),
    ],
  ])("is for one body, and neither holds nor is kept for one %s", async (_, price, other) => {
    const upstream = saying({ price: "$0.01" }, { price: "$1" });
    const { ask, pay } = openGate(tableAt({ ...price, cacheSeconds: 60 }), { upstream });
    const info = quoteOf(await ask("/q", post("few")));
    const outcome = await pay("/q", echoing(await signPayment("10000"), info), other);
    expect([codeOf(outcome), amountsOf(outcome)]).toEqual(["price_quote_mismatch", ["1000000"]]);
    expect(amountsOf(await ask("/q", post("few")))).toEqual(["10000"]);
  });

  test("is asked for HEAD as for GET, and holds for both", async () => {
    const upstream = saying({ price: "$0.01" }, { price: "$1" });
    const { ask, pay } = openGate(tableAt({ cacheSeconds: 60 }), { upstream });
    const info = quoteOf(await ask("/q", { method: "HEAD" }));
    expect(JSON.parse(new TextDecoder().decode(upstream.asked[0]?.body as Uint8Array))).toMatchObject({
      method: "GET",
    });
    expect(amountsOf(await ask("/q"))).toEqual(["10000"]);
    expect(reasonOf(await pay("/q", echoing(await signPayment("10000"), info)))).toBe("sold");
  });

  test.each<[string, unknown, string]>([
    ["above what the table lets it be", { price: "$1.000001" }, "above_max"],
    ["nothing", { price: "$0" }, "no_price"],
    ["finer than the token", { price: "$0.0000001" }, "no_price"],
    ["without its dollar", { price: "0.01" }, "no_price"],
    ["a number", { price: 0.01 }, "no_price"],
    ["free", { price: "free" }, "no_price"],
    ["of a million digits", { price: `$${"1".repeat(2000)}` }, "no_price"],
    ["in a list", [{ price: "$0.01" }], "no_price"],
    ["no JSON", "$0.01", "no_price"],
    ["an answer that is not 200", new Response('{"price":"$0.01"}', { status: 201 }), "upstream_201"],
    ["an answer without a body", new Response(null, { status: 200 }), "no_price"],
    ["an answer without an end", new Response(`{"price":"$0.01","x":"${"x".repeat(5000)}"}`), "no_price"],
    ["a redirect", new Response(null, { status: 302, headers: { location: "/free" } }), "upstream_302"],
  ])("is none where it is %s: then the fallback holds, or nothing is sold", async (_, answer, why) => {
    const again = (): unknown => (answer instanceof Response ? answer.clone() : answer);
    const closed = openGate(tableAt(), { upstream: saying(again()) });
    const refused = await closed.ask("/q");
    expect([reasonOf(refused), closed.lines[0]?.unquoted]).toEqual(["quote_unavailable", why]);
    const open = openGate(tableAt({ fallback: "$0.05" }), { upstream: saying(again()) });
    expect(amountsOf(await open.ask("/q"))).toEqual(["50000"]);
    expect(open.lines[0]?.unquoted).toBe(why);
  });

  test("may be as much as the table lets it be, in an answer of a length that nobody says", async () => {
    const { ask, lines } = openGate(tableAt(), { upstream: saying(new Response('{"price":"$1.00"}')) });
    expect(amountsOf(await ask("/q"))).toEqual(["1000000"]);
    expect(lines[0]?.unquoted).toBeNull();
  });

  test.each<[string, Around["upstream"], string]>([
    [
      "that cannot be reached",
      () => {
        throw new Error("reset");
      },
      "upstream_unreachable",
    ],
    [
      "that does not answer in time",
      ({ signal }) => new Promise((_, fail) => signal.addEventListener("abort", () => fail(new Error("late")))),
      "upstream_timeout",
    ],
    ["whose answer does not end in time", () => ({ status: 200, body: new ReadableStream() }), "no_price"],
  ])("is none of an API %s", async (_, upstream, why) => {
    const { ask, lines } = openGate(tableAt({ timeoutSeconds: 0.1 }), { upstream });
    const startedMs = performance.now();
    expect(reasonOf(await ask("/q"))).toBe("quote_unavailable");
    expect(lines[0]?.unquoted).toBe(why);
    expect(performance.now() - startedMs).toBeLessThan(900);
  });

  test("is kept for as long as the table says, for the same call alone", async () => {
    const upstream = saying({ price: "$0.01" }, { price: "$0.02" });
    const { ask, clock } = openGate(tableAt({ cacheSeconds: 10 }), { upstream });
    expect(amountsOf(await ask("/q?a"))).toEqual(["10000"]);
    clock.nowMs += 9_999;
    expect(amountsOf(await ask("/q?a"))).toEqual(["10000"]);
    expect(amountsOf(await ask("/q?b"))).toEqual(["20000"]);
    clock.nowMs += 1;
    expect(amountsOf(await ask("/q?a"))).toEqual(["20000"]);
    expect(upstream.asked).toHaveLength(3);
  });

  test("is kept for so many calls, and begins anew with more", async () => {
    const upstream = saying({ price: "$0.01" });
    const { ask, gate } = openGate(tableAt({ cacheSeconds: 10 }), { upstream });
    for (let i = 0; i <= 1000; i++) await ask(`/q?${i}`);
    expect(gate.quotes.size).toBe(1);
  });

  test("is asked for each time where the table says nothing of that", async () => {
    const upstream = saying({ price: "$0.01" }, { price: "$0.02" });
    const { ask, gate } = openGate(tableAt(), { upstream });
    expect([amountsOf(await ask("/q")), amountsOf(await ask("/q"))]).toEqual([["10000"], ["20000"]]);
    expect(gate.quotes.size).toBe(0);
  });
});

describe("what the API named once", () => {
  test("is honoured until it ends, whatever it would say by then, and asked again it ends at the same time", async () => {
    const upstream = saying({ price: "$0.01" }, { price: "$0.5" });
    const { ask, pay, clock } = openGate(tableAt(), { upstream });
    const info = quoteOf(await ask("/q"));
    clock.nowMs += 30_000;
    const wrong = await pay("/q", echoing(await signPayment("1"), info));
    expect([amountsOf(wrong), quoteOf(wrong)]).toEqual([["10000"], info]);
    expect(reasonOf(await pay("/q", echoing(await signPayment("10000"), info)))).toBe("sold");
    expect(upstream.asked).toHaveLength(1);
    clock.nowMs += 31_000;
    const over = await pay("/q", echoing(await signPayment("10000"), info));
    expect([codeOf(over), amountsOf(over)]).toEqual(["price_quote_expired", ["500000"]]);
  });

  test("holds without an echo only where the API says it again", async () => {
    const upstream = saying({ price: "$0.01" }, { price: "$0.02" });
    const { ask, pay } = openGate(tableAt(), { upstream });
    await ask("/q");
    expect(codeOf(await pay("/q", await signPayment("10000")))).toBe("invalid_payment_requirements");
    expect(reasonOf(await pay("/q", await signPayment("20000")))).toBe("sold");
  });

  test("is nobody's to judge while the gate's own key cannot be had", async () => {
    const { ask, place } = openGate(tableAt(), { upstream: saying({ price: "$0.01" }) });
    const info = quoteOf(await ask("/q"));
    const ledger = (method: string) => (method === "key" ? "away" : "answers") as "away" | "answers";
    const away = openGate(tableAt(), { before: place, upstream: saying({ price: "$0.01" }), ledger });
    expect(reasonOf(await away.pay("/q", echoing(await signPayment("10000"), info)))).toBe("ledger_unavailable");
  });

  test("does not hold where no token can take it any more", async () => {
    const asset = "0x60a3E35Cc302bFA44Cb288Bc5a4F316Fdb1adb42";
    const tokens = [{ network: "base-sepolia", asset, name: "E", version: "1", decimals: 2, dollar: true }];
    const { ask, place } = openGate(tableAt(), { upstream: saying({ price: "$0.001" }) });
    const info = quoteOf(await ask("/q"));
    const after = openGate(
      { ...tableAt({}, { accepts: [{ network: "base-sepolia", asset }] }), tokens },
      { before: place, upstream: saying({ price: "$0.50" }) },
    );
    const outcome = await after.pay("/q", echoing(await signPayment("1000"), info));
    expect(reasonOf(outcome)).toBe("payment_refused");
    expect(amountsOf(outcome)).toEqual(["50"]);
  });

  test("is not asked for again to deliver what was paid for", async () => {
    const answers = [{ ...GOODS, status: 500 }, GOODS];
    const quotes = saying({ price: "$0.01" });
    const upstream = (sent: Sent) => (sent.url === QUOTE_URL ? quotes(sent) : (answers.shift() ?? GOODS));
    const { pay, ask } = openGate(tableAt({}, { settle: "before" }), { upstream });
    const payment = await signPayment("10000");
    const extra = { ...(payment.accepted["extra"] as object), paymentFlow: "upfront" };
    const failed = await pay("/q", { ...payment, accepted: { ...payment.accepted, extra } });
    expect(reasonOf(failed)).toBe("paid_undelivered");
    const headers = new Headers({ "faregate-redeem": tokenOf(failed) });
    expect(reasonOf(await ask("/q", { headers }))).toBe("redelivered");
    expect(quotes.asked).toHaveLength(1);
  });

  test("is no part of what a repeat is known by", async () => {
    const { pay, seen } = openGate(tableAt(), { upstream: saying({ price: "$0.01" }, { price: "$0.02" }) });
    const payment = await signPayment("10000");
    expect(reasonOf(await pay("/q", payment, keyed()))).toBe("sold");
    expect(reasonOf(await pay("/q", payment, keyed()))).toBe("redelivered");
    expect(seen.filter(({ url }) => url !== QUOTE_URL)).toHaveLength(1);
  });
});

describe("a route that only observes", () => {
  const observed = async (price: object, upstream: Around["upstream"], sent: Partial<Sent> = {}) => {
    const { ask, lines } = openGate(tableAt(price, { mode: "observe" }), { upstream });
    const outcome = await ask("/q", sent);
    return [reasonOf(outcome), lines[0]?.observed?.price ?? null, lines[0]?.unquoted];
  };

  test("lets everything through, and tells what the API would have asked", async () => {
    expect(await observed({}, saying({ price: "$0.01" }))).toEqual(["passed", "$0.01", null]);
    expect(await observed({}, saying({}))).toEqual(["passed", null, "no_price"]);
    expect(await observed({ fallback: "$0.05" }, saying({}))).toEqual(["passed", "$0.05", "no_price"]);
  });

  test("reads no body for that which is too long", async () => {
    const sent = post("x".repeat(50));
    expect(await observed({ sendBody: true }, saying({ price: "$0.01" }), sent)).toEqual([
      "passed",
      null,
      "body_unread",
    ]);
    expect(await observed({ sendBody: true }, saying({ price: "$0.01" }), post("x"))).toEqual([
      "passed",
      "$0.01",
      null,
    ]);
    expect(await observed({}, saying({ price: "$0.01" }), sent)).toEqual(["passed", "$0.01", null]);
  });
});
