// A route that takes Range and If-*: parts are sold at the whole price, what a client has already costs nothing, and a
// payment buys the one part that it came with.

import { describe, expect, test } from "vitest";
import { ETAG, LAST_MODIFIED, LETTERS } from "../support/conditional-answer.ts";
import { newAccount, type Payment, signPayment } from "../support/payment.ts";
import { ask, calledEndpoints, decode, eventually, fresh, pay, seen } from "../worker/client.ts";
import { idempotent, newKey, redeemWith, upfront } from "../worker-ledger/client.ts";

type Headers = Record<string, string>;

const payFor = (path: string, payment: Payment, headers: Headers): Promise<Response> => pay(path, payment, { headers });

const buy = async (headers: Headers, path = fresh("/films/letters")): Promise<Response> =>
  payFor(path, await signPayment("10000"), headers);

describe("a part", () => {
  test("is not given away", async () => {
    const path = fresh("/films/letters");
    const response = await ask(path, { headers: { range: "bytes=0-2" } });
    expect(response.status).toBe(402);
    expect(decode(response.headers.get("payment-required")).accepts).toMatchObject([{ amount: "10000" }]);
    expect(await seen(path)).toEqual([]);
  });

  test("is sold for the whole price", async () => {
    const payment = await signPayment("10000");
    const path = fresh("/films/letters");
    const response = await payFor(path, payment, { range: "bytes=2-4" });
    expect(response.status).toBe(206);
    expect(await response.text()).toBe("cde");
    expect(response.headers.get("content-range")).toBe("bytes 2-4/26");
    expect(response.headers.get("content-length")).toBe("3");
    expect(response.headers.get("cache-control")).toBe("private, no-store");
    expect(decode(response.headers.get("payment-response"))).toMatchObject({ success: true });
    expect(await calledEndpoints(payment)).toEqual(["/verify", "/settle"]);
  });

  test("of several ranges is sold as it comes", async () => {
    const response = await buy({ range: "bytes=0-1,24-25" });
    expect(response.status).toBe(206);
    expect(response.headers.get("content-type")).toBe("multipart/byteranges; boundary=part");
    const body = new TextDecoder().decode(await response.arrayBuffer());
    expect(body).toContain("Content-Range: bytes 24-25/26\r\n\r\nyz\r\n--part--");
  });

  test.each([
    ["of what is still the same is sold", ETAG, 206, "abc"],
    ["of what is another thing by now becomes the whole", '"older"', 200, LETTERS],
  ])("%s", async (_, ifRange, status, letters) => {
    const response = await buy({ range: "bytes=0-2", "if-range": ifRange });
    expect(response.status).toBe(status);
    expect(await response.text()).toBe(letters);
  });

  test("is asked for by HEAD at the price of GET", async () => {
    const path = fresh("/films/letters");
    const headers = { range: "bytes=0-2" };
    expect((await ask(path, { method: "HEAD", headers })).status).toBe(402);
    const response = await pay(path, await signPayment("10000"), { method: "HEAD", headers });
    expect(response.status).toBe(200);
    expect(response.headers.has("payment-response")).toBe(true);
    expect((await seen(path)).map(({ headers: { range } }) => range)).toEqual(["bytes=0-2"]);
  });

  test("of a route that does not take ranges is the whole", async () => {
    const path = fresh("/quotes/x/letters");
    const response = await payFor(path, await signPayment("10000"), { range: "bytes=0-2", "if-none-match": ETAG });
    expect(response.status).toBe(200);
    expect(await response.text()).toBe(LETTERS);
    expect(Object.keys((await seen(path))[0]?.headers ?? {})).not.toContain("range");
  });

  test("in a header of another spelling stays at the gate", async () => {
    const path = fresh("/films/letters");
    const response = await buy({ If_Range: ETAG, If_None_Match: ETAG }, path);
    expect(response.status).toBe(200);
    const names = Object.keys((await seen(path))[0]?.headers ?? {});
    expect(names.filter((name) => name.startsWith("if"))).toEqual([]);
  });
});

describe("what the client's own conditions decide passes, and is not charged:", () => {
  test.each<[string, Headers, number]>([
    ["what it has already", { "if-none-match": ETAG }, 304],
    ["what did not change since", { "if-modified-since": LAST_MODIFIED }, 304],
    ["what is another thing by now", { "if-match": '"older"' }, 412],
    ["what changed since", { "if-unmodified-since": "Tue, 24 Nov 2026 00:00:00 GMT" }, 412],
    ["a part that there is not", { range: "bytes=26-30" }, 416],
  ])("%s", async (_, headers, status) => {
    const payment = await signPayment("10000");
    const response = await payFor(fresh("/films/letters"), payment, headers);
    expect(response.status).toBe(status);
    expect(await response.text()).toBe("");
    expect(response.headers.has("payment-response")).toBe(false);
    expect(response.headers.get("cache-control")).toBe("private, no-store");
    expect(response.headers.get("etag") ?? response.headers.get("content-range")).toBe(
      status === 416 ? "bytes */26" : ETAG,
    );
    expect(await calledEndpoints(payment)).toEqual(["/verify"]);
  });

  test.each<[string, Headers]>([
    ["what it has not yet", { "if-none-match": '"older"' }],
    ["what is still the same", { "if-match": ETAG, "if-unmodified-since": LAST_MODIFIED }],
  ])("but %s is sold", async (_, headers) => {
    const response = await buy(headers);
    expect(response.status).toBe(200);
    expect(response.headers.has("payment-response")).toBe(true);
  });

  test("and a 'not modified' elsewhere does not pass", async () => {
    expect((await buy({}, fresh("/quotes/x/status/304"))).status).toBe(502);
  });
});

describe("a payment for one part", () => {
  const RANGE = { range: "bytes=0-2" };

  test.each<[string, Headers]>([
    ["another part", { range: "bytes=3-5" }],
    ["the whole", {}],
    ["a part of another version", { ...RANGE, "if-range": ETAG }],
  ])("does not buy %s", async (_, headers) => {
    const payment = await signPayment("10000");
    const path = fresh("/films/letters");
    await (await payFor(path, payment, RANGE)).text();
    // With a key, so that the ledger is asked and no list of spent payments.
    const other = await payFor(path, payment, { ...headers, ...idempotent(newKey()) });
    expect(other.status).toBe(409);
    expect(await other.json()).toMatchObject({ error: "payment_bound_elsewhere" });
    expect(await seen(path)).toHaveLength(1);
  });

  test("gives a repeat with its key the same part, and no other part", async () => {
    const account = newAccount();
    const key = idempotent(newKey());
    const path = fresh("/films/letters");
    await (await payFor(path, await signPayment("10000", {}, account), { ...RANGE, ...key })).text();
    const again = await signPayment("10000", {}, account);
    const repeat = await eventually(() => payFor(path, again, { ...RANGE, ...key }), 206);
    expect(repeat.status).toBe(206);
    expect(repeat.headers.get("content-range")).toBe("bytes 0-2/26");
    expect(await repeat.text()).toBe("abc");
    const other = await payFor(path, again, { range: "bytes=3-5", ...key });
    expect(other.status).toBe(409);
    expect(await other.json()).toMatchObject({ error: "key_reused" });
    expect(await seen(path)).toHaveLength(1);
    expect(await calledEndpoints(again)).not.toContain("/settle");
  });
});

describe("a route that settles first", () => {
  const payFirst = async (path: string, headers: Headers): Promise<Response> =>
    payFor(path, upfront(await signPayment("10000")), headers);

  test("sells a part", async () => {
    const response = await payFirst(fresh("/films/first/letters"), { range: "bytes=0-2" });
    expect(response.status).toBe(206);
    expect(await response.text()).toBe("abc");
  });

  test.each<[string, Headers]>([
    ["has it already", { "if-none-match": ETAG }],
    ["has it since", { "if-modified-since": LAST_MODIFIED }],
  ])("hands over what is paid for, also to a client that %s", async (_, headers) => {
    const response = await payFirst(fresh("/films/first/letters"), headers);
    expect(response.status).toBe(200);
    expect(await response.text()).toBe(LETTERS);
  });

  test("owes what the API says is not modified all the same", async () => {
    const response = await payFirst(fresh("/films/first/status/304"), {});
    expect(response.status).toBe(502);
    expect(await response.json()).toMatchObject({ error: "paid_undelivered", cause: "upstream_304" });
  });

  test("owes a part that there was not, and delivers that part alone", async () => {
    const path = fresh("/films/first/once/416");
    const range = { range: "bytes=26-30" };
    const response = await payFirst(path, range);
    expect(response.status).toBe(416);
    const { error, redeem } = (await response.json()) as { error: string; redeem: string };
    expect(error).toBe("paid_undelivered");
    expect((await redeemWith(path, redeem)).status).toBe(409);
    const delivered = await redeemWith(path, redeem, range);
    expect(delivered.status).toBe(200);
    expect(delivered.headers.has("payment-response")).toBe(true);
    expect((await seen(path)).map(({ headers }) => headers.range)).toEqual(["bytes=26-30", "bytes=26-30"]);
  });
});
