import { beforeAll, describe, expect, test } from "vitest";
import { readCallKey } from "../../../src/gateway/order.ts";
import type { Outcome } from "../../../src/outcome/index.ts";
import { RESOURCE_URL_BYTES_MAX } from "../../../src/x402/index.ts";
import { encodePayment, type Payment, signPayment } from "../../support/payment.ts";
import { codeOf, openGate, reasonOf, type Sent } from "./gate.ts";

let payment: Payment;
beforeAll(async () => {
  payment = await signPayment("10000");
});

describe("a priced route", () => {
  test("sells for a payment that fits", async () => {
    const { pay, seen, asked } = openGate();
    expect(await pay("/paid", payment)).toMatchObject({ kind: "sold" });
    expect(seen).toHaveLength(1);
    expect(asked).toEqual(["verify", "settle"]);
  });

  test.each<[string, (payment: Payment) => [string, Record<string, string>], string, string | null]>([
    ["without a payment", () => ["/paid", {}], "payment_required", null],
    ["to upgrade the connection", () => ["/paid", { upgrade: "websocket" }], "upgrade_required", null],
    ["with a header that is no payment", () => ["/paid", { "payment-signature": "?" }], "invalid_payload", null],
    [
      "with a version that there is not",
      (valid) => ["/paid", { "payment-signature": encodePayment({ ...valid, x402Version: 3 }) }],
      "payment_refused",
      "invalid_x402_version",
    ],
    [
      "with a payload that is none",
      (valid) => ["/paid", { "payment-signature": encodePayment({ ...valid, payload: {} }) }],
      "invalid_payload",
      null,
    ],
    [
      "with a signature of nobody who could pay",
      ({ payload, ...valid }) => [
        "/paid",
        { "payment-signature": encodePayment({ ...valid, payload: { ...payload, signature: "0x" } }) },
      ],
      "payment_refused",
      "invalid_exact_evm_payload_signature",
    ],
    [
      "with a payment that was meant for something else",
      (valid) => [
        "/paid",
        { "payment-signature": encodePayment({ ...valid, resource: { url: "https://api.example.com/other" } }) },
      ],
      "payment_refused",
      "resource_mismatch",
    ],
    [
      "with a key that is empty",
      (valid) => ["/paid", { "payment-signature": encodePayment(valid), "idempotency-key": "" }],
      "invalid_payload",
      null,
    ],
    ["with a voucher that is none", () => ["/paid", { "faregate-redeem": "x" }], "invalid_voucher", null],
  ])("answers who asks %s, and neither the upstream nor a facilitator hears of it", async (_, make, reason, code) => {
    const { ask, seen, asked } = openGate();
    const [path, headers] = make(payment);
    const outcome = await ask(path, { headers: new Headers(headers) });
    expect([reasonOf(outcome), codeOf(outcome)]).toEqual([reason, code]);
    expect([seen, asked]).toEqual([[], []]);
  });

  test("takes a payment that names the resource as the challenge does", async () => {
    const { pay } = openGate();
    const resource = { url: "https://api.example.com/paid?x=1" };
    expect(reasonOf(await pay("/paid?x=1", { ...payment, resource }))).toBe("sold");
  });

  test("takes what the challenge advertised back as it was, and in no other form", async () => {
    const table = { paymentIdentifier: "optional", routes: { "/paid": "$0.01" } };
    const wrong = { ...payment, extensions: { "payment-identifier": { info: { required: true } } } };
    const outcome = await openGate(table).pay("/paid", wrong);
    expect(codeOf(outcome)).toBe("extension_echo_mismatch");
  });

  /** A path of so many letters makes a URL of so many bytes in JSON. */
  const room = RESOURCE_URL_BYTES_MAX - JSON.stringify("https://api.example.com/").length;
  test("leaves a query out that does not fit into the challenge, and refuses a path that does not", async () => {
    const { ask } = openGate({ routes: { "/*": "$0.01" } });
    const urlOf = (outcome: Outcome): string | null =>
      outcome.kind === "refused" && "invitation" in outcome.problem ? outcome.problem.invitation.resourceUrl : null;
    const whole = `/${"a".repeat(room - 2)}?x`;
    expect(urlOf(await ask(whole))).toBe(`https://api.example.com${whole}`);
    expect(urlOf(await ask(`${whole}y`))).toBe(`https://api.example.com${whole.slice(0, -2)}`);
    expect(urlOf(await ask(`/${"a".repeat(room)}`))).not.toBeNull();
    expect(reasonOf(await ask(`/${"a".repeat(room + 1)}`))).toBe("uri_too_long");
  });
});

describe("a signature that only the facilitator can judge", () => {
  const table = { routes: { "/paid": { price: "$0.01", contractWallets: true } } };
  const contract = (): Payment => ({ ...payment, payload: { ...payment.payload, signature: `0x${"12".repeat(70)}` } });

  test.each<[Record<string, string>, string]>([
    [{ "cf-connecting-ip": "192.0.2.1" }, "192.0.2.1"],
    [{}, "unknown"],
  ])("is let in as often as its client may, which is known by %j", async (headers, client) => {
    const clients: string[] = [];
    const admitUnproven = async (name: string): Promise<boolean> => clients.push(name) > 1;
    const { pay, asked } = openGate(table, { changes: { admitUnproven } });
    expect(reasonOf(await pay("/paid", contract(), { headers: new Headers(headers) }))).toBe("too_many_unproven");
    expect(asked).toEqual([]);
    expect(reasonOf(await pay("/paid", contract(), { headers: new Headers(headers) }))).toBe("sold");
    expect(clients).toEqual([client, client]);
  });

  test("is not asked about for an account's own", async () => {
    const { pay } = openGate(table);
    expect(reasonOf(await pay("/paid", payment))).toBe("sold");
  });
});

describe("a body", () => {
  const post = (length: number | null, sent: number): Partial<Sent> => ({
    method: "POST",
    headers: new Headers(length === null ? {} : { "content-length": String(length) }),
    body: new TextEncoder().encode("x".repeat(sent)),
  });

  test.each<[string, number | null, number, boolean]>([
    ["that is as long as is read whole", 10, 10, true],
    ["that is longer", 11, 11, false],
    ["of a length that nobody says", null, 5, false],
  ])("%s counts for the call, or is streamed", async (_, length, sent, isRead) => {
    const { pay, seen } = openGate();
    expect(reasonOf(await pay("/paid", payment, post(length, sent)))).toBe("sold");
    expect(seen[0]?.body instanceof Uint8Array).toBe(isRead);
  });

  test.each([
    [5, 4],
    [4, 5],
  ])("of %i bytes that has %i is incomplete, and nothing was begun", async (length, sent) => {
    const { pay, seen, asked } = openGate();
    expect(reasonOf(await pay("/paid", payment, post(length, sent)))).toBe("body_incomplete");
    expect([seen, asked]).toEqual([[], []]);
  });

  test("of no bytes is none, whatever the runtime hands over", async () => {
    for (const body of [null, new Uint8Array()]) {
      const { pay, seen } = openGate();
      expect(reasonOf(await pay("/paid", payment, { ...post(0, 0), body }))).toBe("sold");
      expect(seen).toHaveLength(1);
    }
  });

  test("makes another call of it: the same payment buys one of them", async () => {
    const { pay, seen } = openGate();
    expect(reasonOf(await pay("/paid", payment, post(4, 4)))).toBe("sold");
    const other = { ...post(4, 4), body: new TextEncoder().encode("abcd") };
    expect(reasonOf(await pay("/paid", payment, other))).not.toBe("sold");
    expect(seen).toHaveLength(1);
  });
});

describe("what a client calls a call by", () => {
  const keyOf = (header: string | null, extensions: object, identifier: "off" | "optional" | "required") =>
    readCallKey(new Headers(header === null ? {} : { "idempotency-key": header }), extensions as never, identifier);
  const named = { "payment-identifier": { info: { required: false, id: "pay_0123456789abcdef" } } };

  test.each<[string | null, object, "off" | "optional" | "required", string | null]>([
    [null, {}, "off", null],
    ["k", {}, "off", "k"],
    ["k", named, "off", "k"],
    ["k", named, "optional", "pay_0123456789abcdef"],
    [null, named, "required", "pay_0123456789abcdef"],
    ["k", {}, "optional", "k"],
    ["k".repeat(256), {}, "off", "k".repeat(256)],
  ])("of %j and %j is, where the table says %s, %j", (header, extensions, identifier, key) => {
    expect(keyOf(header, extensions, identifier)).toEqual({ ok: true, value: key });
  });

  test.each<[string, string | null, object, "off" | "optional" | "required"]>([
    ["no id where one is required", "k", {}, "required"],
    ["an empty header", "", {}, "off"],
    ["a header that is too long", "k".repeat(257), {}, "off"],
    ["an id that is none", null, { "payment-identifier": { info: { required: false, id: "!" } } }, "optional"],
  ])("is a mistake with %s", (_, header, extensions, identifier) => {
    expect(keyOf(header, extensions, identifier).ok).toBe(false);
  });

  test.each([
    [21, "payment_settled"],
    [22, "redelivered"],
  ])("proves the purchase where it is too long to be guessed: %i letters are told %s", async (length, reason) => {
    const { pay, seen } = openGate();
    const headers = new Headers({ "idempotency-key": "k".repeat(length) });
    expect(reasonOf(await pay("/paid", payment, { headers }))).toBe("sold");
    expect(reasonOf(await pay("/paid", payment, { headers }))).toBe(reason);
    expect(seen).toHaveLength(1);
  });
});
