// Prices that follow the request: what was priced is what reaches the API, and nothing else is sold for it.

import { describe, expect, test } from "vitest";
import { signPayment } from "../support/payment.ts";
import { ask, calledEndpoints, chunked, decode, facilitatorCalls, fresh, pay, seen } from "../worker/client.ts";

/** The amounts of the challenge; null where there is none. */
async function askedOf(response: Response): Promise<readonly unknown[] | null> {
  const challenge = response.headers.get("payment-required");
  return challenge === null ? null : decode(challenge).accepts.map((entry) => (entry as { amount: string }).amount);
}

describe("a price by query", () => {
  test.each([
    ["small", "10000"],
    ["large", "20000"],
  ])("asks for %s what its entry says", async (model, amount) => {
    const path = fresh(`/models/ok?model=${model}`);
    const response = await ask(path);
    expect(response.status).toBe(402);
    expect(await askedOf(response)).toEqual([amount]);
    expect((await pay(path, await signPayment(amount))).status).toBe(200);
    expect((await seen("/models/ok")).filter(({ url }) => url.endsWith(path.slice(path.indexOf("?"))))).toHaveLength(1);
  });

  test("sells nothing dear for the price of something cheap", async () => {
    const path = fresh("/models/ok?model=large");
    const payment = await signPayment("10000");
    expect((await pay(path, payment)).status).toBe(402);
    expect(await calledEndpoints(payment)).toEqual([]);
  });

  test("passes what is free, unpaid, and refuses what is closed", async () => {
    expect((await ask(fresh("/models/ok?model=tiny"))).status).toBe(200);
    const closed = await ask(fresh("/models/ok?model=secret"));
    expect(closed.status).toBe(403);
    expect(await closed.json()).toMatchObject({ error: "not_sold" });
  });

  test.each([
    ["?model=small&model=large", "price_ambiguous"],
    ["?model[]=large", "price_ambiguous"],
    ["?Model=large", "price_ambiguous"],
    ["?x=1;model=large&model=small", "price_ambiguous"],
    ["?model=Large", "price_ambiguous"],
    ["?model=other", "price_unknown"],
    ["?x=1", "price_unknown"],
  ])("is not guessed of %s: 400 %s, and the API is not asked", async (query, error) => {
    const path = fresh(`/models/ok${query}`);
    const response = await pay(path, await signPayment("10000"));
    expect(response.status).toBe(400);
    expect(await response.json()).toMatchObject({ error });
    expect(await seen(path)).toEqual([]);
  });
});

describe("a price by header", () => {
  test.each<[Record<string, string>, string]>([
    [{ "x-tier": "gold" }, "20000"],
    [{ "X-TIER": "basic" }, "10000"],
    [{}, "10000"],
  ])("asks with %j for its entry", async (headers, amount) => {
    const path = fresh("/tiers/ok");
    expect(await askedOf(await ask(path, { headers }))).toEqual([amount]);
    expect((await pay(path, await signPayment(amount), { headers })).status).toBe(200);
    expect((await seen(path))[0]?.headers["x-tier"]).toBe(Object.values(headers)[0]);
  });

  test("is not guessed of two of them", async () => {
    const headers = new Headers({ "x-tier": "basic" });
    headers.append("x-tier", "gold");
    const path = fresh("/tiers/ok");
    const response = await pay(path, await signPayment("10000"), { headers });
    expect(response.status).toBe(400);
    expect(await response.json()).toMatchObject({ error: "price_ambiguous" });
    expect(await seen(path)).toEqual([]);
  });
});

describe("a price by the body", () => {
  const post = (body: BodyInit, headers: Record<string, string> = {}): RequestInit => ({
    method: "POST",
    headers: { "content-type": "application/json", ...headers },
    body,
  });

  test.each<[string, () => BodyInit]>([
    ["of a length that is declared", () => '{ "options" : {"size":"big"}, "n":1.0 }'],
    ["in pieces, of a length that nobody says", () => chunked('{ "options" : {"si', 'ze":"big"}, "n":1.0 }')],
  ])("%s is read before anything is asked, and its bytes reach the API as they came", async (_, body) => {
    const path = fresh("/images/ok");
    const unpaid = await ask(path, post(body()));
    expect(unpaid.status).toBe(402);
    expect(await askedOf(unpaid)).toEqual(["20000"]);
    expect(await seen(path)).toEqual([]);
    expect((await pay(path, await signPayment("20000"), post(body()))).status).toBe(200);
    expect((await seen(path)).map((one) => one.body)).toEqual(['{ "options" : {"size":"big"}, "n":1.0 }']);
  });

  test("cannot be swapped for another one of the same payment", async () => {
    const path = fresh("/images/ok");
    const payment = await signPayment("10000");
    expect((await pay(path, payment, post('{"options":{"size":"small"}}'))).status).toBe(200);
    expect((await pay(path, payment, post('{"options":{"size":"big"}}'))).status).not.toBe(200);
    expect(await seen(path)).toHaveLength(1);
  });

  test.each<[string, RequestInit, number, string]>([
    ["with a name twice", post('{"options":{"size":"small","size":"big"}}'), 400, "price_ambiguous"],
    [
      "with a name in other letters",
      post('{"options":{"size":"small"},"Options":{"size":"big"}}'),
      400,
      "price_ambiguous",
    ],
    ["that is no JSON", post("size=big"), 400, "price_ambiguous"],
    ["that is said to be something else", post("{}", { "content-type": "text/plain" }), 415, "unsupported_body"],
    ["that is compressed", post("{}", { "content-encoding": "gzip" }), 415, "unsupported_body"],
    ["that is too long", post(JSON.stringify({ x: "x".repeat(100) })), 413, "body_too_large"],
    ["that turns out too long", post(chunked("x".repeat(60), "x".repeat(60))), 413, "body_too_large"],
    ["of what is closed", post('{"options":{"size":"huge"}}'), 403, "not_sold"],
  ])("%s is refused, paid or not, and reaches nothing", async (_, init, status, error) => {
    const path = fresh("/images/ok");
    const payment = await signPayment("10000");
    const response = await pay(path, payment, init);
    expect(response.status).toBe(status);
    expect(await response.json()).toMatchObject({ error });
    expect(await seen(path)).toEqual([]);
    expect(await calledEndpoints(payment)).toEqual([]);
  });
});

describe("a price of MCP's streamable HTTP", () => {
  const message = (method: string, params?: object, id: number | null = 1): RequestInit => ({
    method: "POST",
    headers: {
      accept: "application/json, text/event-stream",
      "content-type": "application/json",
      "mcp-session-id": "s-1",
      origin: "https://app.example.com",
    },
    body: JSON.stringify({ jsonrpc: "2.0", ...(id !== null && { id }), method, ...(params && { params }) }),
  });

  test.each<[string, RequestInit, string]>([
    ["a tool with an entry of its own", message("tools/call", { name: "search" }), "20000"],
    ["any other tool", message("tools/call", { name: "echo" }), "10000"],
    ["a tool that is called as a notification", message("tools/call", { name: "search" }, null), "20000"],
  ])("is asked for %s, and the session goes along", async (_, init, amount) => {
    const path = fresh("/mcp/ok");
    expect(await askedOf(await ask(path, init))).toEqual([amount]);
    expect((await pay(path, await signPayment(amount), init)).status).toBe(200);
    const [sent] = await seen(path);
    expect(sent).toMatchObject({
      body: init.body,
      headers: { "mcp-session-id": "s-1", accept: "application/json, text/event-stream" },
    });
  });

  test.each<[string, RequestInit]>([
    ["a greeting", message("initialize", {})],
    ["the list of tools", message("tools/list")],
    ["a notification", message("notifications/initialized", undefined, null)],
    ["a ping", message("ping")],
    ["an answer to the server", { ...message(""), body: JSON.stringify({ jsonrpc: "2.0", id: 1, result: {} }) }],
    ["listening", { headers: { accept: "text/event-stream" } }],
    ["the end of a session", { method: "DELETE" }],
  ])("is not asked for %s", async (_, init) => {
    const path = fresh("/mcp/ok");
    expect((await ask(path, init)).status).toBe(200);
    expect(await seen(path)).toHaveLength(1);
  });

  test("gives away nothing that lies below its path", async () => {
    expect((await ask("/mcp/ok/below")).status).toBe(405);
    expect((await ask("/mcp/ok/below", message("tools/list"))).status).toBe(403);
  });

  test("lets pages of other origins read what is free there, as they read what is sold", async () => {
    const response = await ask(fresh("/mcp/ok"), message("tools/list"));
    expect(response.headers.get("access-control-allow-origin")).toBe("*");
    expect(response.headers.get("cache-control")).toBe("public, s-maxage=60");
  });

  test("refuses a batch, and what is closed with no 404, which would end the session", async () => {
    const batch = { ...message(""), body: JSON.stringify([{ jsonrpc: "2.0", id: 1, method: "tools/list" }]) };
    expect((await ask("/mcp/ok", batch)).status).toBe(400);
    expect((await ask("/mcp/ok", message("resources/read", { uri: "x" }))).status).toBe(403);
  });
});

describe("a price by the body's length", () => {
  const sized = (length: number): RequestInit => ({ method: "PUT", body: "x".repeat(length) });

  test.each<[number, string]>([
    [10, "10000"],
    [11, "20000"],
    [1500, "20000"],
  ])("asks for %i bytes what their step says, and hands them all on", async (length, amount) => {
    const path = fresh("/uploads/ok");
    expect(await askedOf(await ask(path, sized(length)))).toEqual([amount]);
    expect((await pay(path, await signPayment(amount), sized(length))).status).toBe(200);
    expect((await seen(path))[0]?.body).toHaveLength(length);
  });

  test("is 411 where nobody says it", async () => {
    const response = await ask("/uploads/ok", { method: "PUT", body: chunked("x") });
    expect(response.status).toBe(411);
  });

  test("is 400 where the API would unpack more", async () => {
    const response = await ask("/uploads/ok", { ...sized(10), headers: { "content-encoding": "gzip" } });
    expect(response.status).toBe(400);
    expect(await response.json()).toMatchObject({ error: "price_ambiguous" });
  });
});

test.each(["/mcp/echo", "/models/echo?model=tiny"])(
  "a handshake at what costs nothing is 426 where no WebSockets are sold, and opens none (%s)",
  async (url) => {
    const path = fresh(url);
    const response = await ask(path, { headers: { upgrade: "websocket" } });
    expect([response.status, response.webSocket]).toEqual([426, null]);
    expect(await seen(path)).toEqual([]);
  },
);

describe("what is quoted", () => {
  test("comes back with the payment, and is nothing that the facilitator is told of", async () => {
    const path = fresh("/models/ok?model=large");
    const { extensions } = decode((await ask(path)).headers.get("payment-required")) as { extensions?: object };
    expect(extensions).toMatchObject({ "price-quote": { info: { price: "$0.02" } } });
    const payment = { ...(await signPayment("20000")), extensions };
    expect((await pay(path, payment)).status).toBe(200);
    const told = (await facilitatorCalls(payment)).map(({ text }) => JSON.parse(text).paymentPayload.extensions);
    expect(told).toEqual([{ "payment-identifier": expect.anything() }, { "payment-identifier": expect.anything() }]);
  });

  test("is asked for and paid by clients of version 1 at today's price", async () => {
    const path = fresh("/models/ok?model=large");
    const { accepts } = (await (await ask(path)).json()) as { accepts: { maxAmountRequired: string }[] };
    expect(accepts).toMatchObject([{ network: "base-sepolia", maxAmountRequired: "20000" }]);
    const { payload } = await signPayment("20000");
    const payment = { x402Version: 1, scheme: "exact", network: "base-sepolia", payload };
    const response = await ask(path, { headers: { "x-payment": btoa(JSON.stringify(payment)) } });
    expect(response.status).toBe(200);
    expect(response.headers.has("x-payment-response")).toBe(true);
  });

  test("for something cheap pays for nothing dear", async () => {
    const cheap = decode((await ask("/models/ok?model=small")).headers.get("payment-required"));
    const path = fresh("/models/ok?model=large");
    const payment = { ...(await signPayment("10000")), extensions: cheap["extensions"] };
    const response = await pay(path, payment);
    expect(response.status).toBe(402);
    expect(await response.json()).toMatchObject({ error: "price_quote_mismatch" });
    expect(await seen(path)).toEqual([]);
    expect(await calledEndpoints(payment)).toEqual([]);
  });
});

describe("a price that the API names", () => {
  test("is asked for, quoted, and taken without being asked for again", async () => {
    const path = fresh("/quoted/ok?units=3");
    const unpaid = await ask(path);
    expect(await askedOf(unpaid)).toEqual(["30000"]);
    const { extensions } = decode(unpaid.headers.get("payment-required"));
    const payment = { ...(await signPayment("30000")), extensions };
    const before = (await seen("/internal/quote")).length;
    expect((await pay(path, payment)).status).toBe(200);
    expect(await seen("/internal/quote")).toHaveLength(before);
    const questions = (await seen("/internal/quote")).map(({ body }) => JSON.parse(body) as { query: string });
    expect(questions.some(({ query }) => path.endsWith(query))).toBe(true);
  });

  test.each([
    ["above what the table lets it be", "/quoted/ok?units=6", 503],
    ["that is no price", "/quoted/ok?units=x", 503],
  ])("is none %s: %s", async (_, path, status) => {
    const response = await ask(fresh(path));
    expect(response.status).toBe(status);
    expect(await response.json()).toMatchObject({ error: "quote_unavailable" });
    expect(response.headers.has("payment-required")).toBe(false);
  });

  test("is the fallback where it comes too late", async () => {
    expect(await askedOf(await ask(fresh("/unquoted/ok")))).toEqual(["10000"]);
  });
});
