import { afterEach, describe, expect, test } from "vitest";
import { signPayment, transactionOf } from "../support/payment.ts";
import {
  calledEndpoints,
  decode,
  eventually,
  facilitatorCalls,
  fresh,
  ORIGIN,
  pay,
  seen,
  untilFacilitatorIsAsked,
} from "./client.ts";

afterEach(untilFacilitatorIsAsked);

describe("a paid call", () => {
  test("is verified, served once, settled, and carries its receipt", async () => {
    const path = fresh("/paid/ok");
    const payment = await signPayment("10000");
    const response = await pay(path, payment);
    expect(response.status).toBe(200);
    expect(await response.json()).toEqual({ goods: true });
    expect(decode(response.headers.get("payment-response"))).toEqual({
      success: true,
      transaction: transactionOf(payment.payload.authorization.nonce),
      network: "eip155:84532",
      payer: payment.payload.authorization.from,
    });
    expect(await calledEndpoints(payment)).toEqual(["/verify", "/settle"]);
    expect(await seen(path)).toHaveLength(1);
  });

  test("belongs to its payer: no cache may keep it", async () => {
    const response = await pay(fresh("/paid/ok"), await signPayment("10000"));
    expect(response.headers.get("cache-control")).toBe("private, no-store");
    expect(response.headers.has("age")).toBe(false);
  });

  test("sends the facilitator our requirements and a payload rebuilt from what we know", async () => {
    const path = fresh("/paid/ok");
    const payment = await signPayment("10000");
    const stuffed = { ...payment, mine: 1, payload: { ...payment.payload, mine: 2 } };
    await pay(path, { ...stuffed, extensions: { mine: { info: {} } } });
    const [verify, settle] = await facilitatorCalls(payment);
    const { resource: _, extensions: __, ...known } = payment;
    expect(JSON.parse(verify?.text ?? "")).toEqual({
      x402Version: 2,
      paymentPayload: { ...known, resource: { url: ORIGIN + path } },
      paymentRequirements: payment.accepted,
    });
    expect(settle?.text).toBe(verify?.text);
  });
});

describe("when the facilitator does not vouch for a payment", () => {
  test.each(["invalid:insufficient_funds", "invalid400:insufficient_funds"])(
    "answers 402 with its reason and reaches nothing (%s)",
    async (behaviour) => {
      const path = fresh(`/paid/ok?verify=${behaviour}`);
      const payment = await signPayment("10000");
      const response = await pay(path, payment);
      expect(response.status).toBe(402);
      expect(await response.json()).toMatchObject({ error: "insufficient_funds" });
      expect(decode(response.headers.get("payment-required"))).toMatchObject({ error: "insufficient_funds" });
      expect(await calledEndpoints(payment)).toEqual(["/verify"]);
      expect(await seen(path)).toEqual([]);
    },
  );

  test("does not repeat a reason that is not a code", async () => {
    const response = await pay(fresh("/paid/ok?verify=invalid:%3Cscript%3E"), await signPayment("10000"));
    expect(await response.json()).toMatchObject({ error: "unspecified" });
  });

  test.each(["hang", "html", "redirect", "endless", "empty", "valid500", "stranger", "shapeless"])(
    "answers 503, charges nobody and reaches nothing when verify is %s",
    async (behaviour) => {
      const path = fresh(`/paid/ok?verify=${behaviour}`);
      const payment = await signPayment("10000");
      const response = await pay(path, payment);
      expect(response.status).toBe(503);
      expect(response.headers.get("retry-after")).toBe("5");
      expect(response.headers.has("payment-required")).toBe(false);
      expect(await response.json()).toMatchObject({ error: "facilitator_unavailable" });
      expect(await calledEndpoints(payment)).toEqual(["/verify"]);
      expect(await seen(path)).toEqual([]);
    },
  );

  test("asks once more where the connection breaks, and then nobody is charged either", async () => {
    const path = fresh("/paid/ok?verify=drop");
    const payment = await signPayment("10000");
    expect((await pay(path, payment)).status).toBe(503);
    expect(await calledEndpoints(payment)).toEqual(["/verify", "/verify"]);
    expect(await seen(path)).toEqual([]);
  });

  test("gives the claim back: the same payment is served when the facilitator is there again", async () => {
    const path = fresh("/paid/ok?verify=once");
    const payment = await signPayment("10000");
    expect((await pay(path, payment)).status).toBe(503);
    expect((await pay(path, payment)).status).toBe(200);
    expect(await seen(path)).toHaveLength(1);
  });

  test("gives the claim back for any purchase, not only for the first one's", async () => {
    const payment = await signPayment("10000");
    expect((await pay(fresh("/paid/ok?verify=once"), payment)).status).toBe(503);
    expect((await pay(fresh("/paid/ok"), payment)).status).toBe(200);
  });
});

describe("when a settlement is rejected before anything was broadcast", () => {
  test("answers 402 with the failed receipt and a fresh challenge, and keeps the goods", async () => {
    const path = fresh("/paid/ok?settle=rejected:insufficient_funds");
    const payment = await signPayment("10000");
    const response = await pay(path, payment);
    expect(response.status).toBe(402);
    expect(await response.text()).not.toContain("goods");
    expect(decode(response.headers.get("payment-response"))).toEqual({
      success: false,
      errorReason: "insufficient_funds",
      transaction: "",
      network: "eip155:84532",
      payer: payment.payload.authorization.from,
    });
    expect(decode(response.headers.get("payment-required"))).toMatchObject({ error: "insufficient_funds" });
  });

  test("keeps a stream too", async () => {
    const response = await pay(fresh("/paid/stream/ok?settle=rejected:insufficient_funds"), await signPayment("10000"));
    expect(response.status).toBe(402);
    expect(await response.text()).not.toContain("first");
  });

  test("is final: the payment cannot be used again, a new one can", async () => {
    const path = fresh("/paid/ok?settle=rejected:insufficient_funds");
    const payment = await signPayment("10000");
    await pay(path, payment);
    const again = await eventually(() => pay(path, payment), 402);
    expect(again.status).toBe(402);
    expect(await again.json()).toMatchObject({ error: "insufficient_funds" });
    expect(again.headers.has("payment-required")).toBe(true);
    expect(await seen(path)).toHaveLength(1);
  });
});

describe("when nobody can say whether a payment settled", () => {
  test.each([
    ...["hang", "drop", "html", "redirect", "endless", "empty"],
    ...["settled500", "settled400", "stranger", "elsewhere", "hashless"],
    "rejected:invalid_exact_evm_nonce_already_used",
    "rejected:invalid_exact_evm_transaction_failed",
    "rejected:settlement_pending",
    "rejected:a_reason_of_tomorrow",
    "broadcast:insufficient_funds",
  ])("answers 503 and no new challenge (settle: %s)", async (behaviour) => {
    const path = fresh(`/paid/ok?settle=${behaviour}`);
    const response = await pay(path, await signPayment("10000"));
    expect(response.status).toBe(503);
    expect(response.headers.get("retry-after")).toBe("5");
    expect(response.headers.has("payment-required")).toBe(false);
    expect(response.headers.has("payment-response")).toBe(false);
    expect(await response.json()).toMatchObject({ error: "settlement_unknown" });
  });

  test("asks again with the identical body when the payment comes again, and tells the truth", async () => {
    const path = fresh("/paid/ok?settle=lost");
    const payment = await signPayment("10000");
    expect((await pay(path, payment)).status).toBe(503);
    const again = await eventually(() => pay(path, payment), 409);
    expect(await again.json()).toMatchObject({
      error: "payment_settled",
      transaction: transactionOf(payment.payload.authorization.nonce),
    });
    expect(again.headers.has("payment-response")).toBe(false);
    expect(again.headers.has("payment-required")).toBe(false);
    const calls = await facilitatorCalls(payment);
    expect(calls.map(({ endpoint }) => endpoint).filter((endpoint) => endpoint === "/settle")).toHaveLength(2);
    expect(new Set(calls.map(({ text }) => text)).size).toBe(1);
    expect(await seen(path)).toHaveLength(1);
  });

  test("takes no later failure for a rejection", async () => {
    const path = fresh("/paid/ok?settle=lostthenrejected");
    const payment = await signPayment("10000");
    await pay(path, payment);
    const settles = async () => (await calledEndpoints(payment)).filter((endpoint) => endpoint === "/settle").length;
    while ((await settles()) < 2) expect((await pay(path, payment)).status).toBeOneOf([409, 503]);
    const again = await pay(path, payment);
    expect(again.status).toBe(503);
    expect(await again.json()).toMatchObject({ error: "settlement_unknown" });
  });

  test("lets one repeat at a time ask the facilitator", async () => {
    const path = fresh("/paid/ok?settle=lostthenslow");
    const payment = await signPayment("10000");
    await pay(path, payment);
    await new Promise((resolve) => setTimeout(resolve, 100));
    const statuses = await Promise.all([1, 2, 3].map(async () => (await pay(path, payment)).status));
    // The others wait for what the first finds out, and are told the same.
    expect(statuses).toEqual([409, 409, 409]);
    expect((await calledEndpoints(payment)).filter((endpoint) => endpoint === "/settle")).toHaveLength(2);
  });
});
