import { describe, expect, test } from "vitest";
import { facilitatorBody } from "../../../src/facilitator/index.ts";
import {
  admitPayment,
  buildTerms,
  type Check,
  type CheckedPayment,
  checkPayment,
  type Judgement,
} from "../../../src/schemes/index.ts";
import { findNetwork, type PresentedPayment, readPayment } from "../../../src/x402/index.ts";
import {
  ASSET,
  type Authorization,
  encodePayment,
  NETWORK,
  newAccount,
  PAY_TO,
  signPayment,
  withLowV,
} from "../../support/payment.ts";

const NOW = { unixSeconds: 1_800_000_000, roomSeconds: 50 };
const url = "https://api.example.com/goods";
const RESOURCE = { url, advertised: {}, sponsoring: [] };
const STRANGER = "0x1111111111111111111111111111111111111111";
const inTime = { validBefore: String(NOW.unixSeconds + 300) };

const { token } = findNetwork(NETWORK) ?? expect.fail();
const terms =
  buildTerms(
    {
      scheme: "exact",
      network: NETWORK,
      token,
      assetTransferMethod: "eip3009",
      amount: 10000n,
      payTo: PAY_TO,
      maxTimeoutSeconds: 300,
    },
    false,
    "authorization",
  ) ?? expect.fail();
const payer = newAccount();
const payment = await signPayment("10000", inTime, payer);
const { signature, authorization } = payment.payload;

/** As it comes out of the header. */
async function check(presented: unknown, resource = RESOURCE): Promise<Check> {
  const read = readPayment(new Headers({ "payment-signature": encodePayment(presented) }));
  const payload: PresentedPayment | null = read.ok ? read.value : null;
  return checkPayment([terms], payload ?? expect.fail("the header was not read"), resource);
}

async function judge(presented: unknown, now = NOW, resource = RESOURCE): Promise<Judgement> {
  const result = await check(presented, resource);
  return result.kind === "authentic" ? result.judge(now) : expect.fail(JSON.stringify(result));
}

async function checked(presented: unknown, resource = RESOURCE): Promise<CheckedPayment> {
  const judgement = await judge(presented, NOW, resource);
  return judgement.kind === "valid" ? judgement.payment : expect.fail(judgement.reason);
}

const signed = {
  id: `${NETWORK}|${ASSET}|${payer.address}|${authorization.nonce}`.toLowerCase(),
  scheme: "exact",
  payer: payer.address,
  network: NETWORK,
  asset: ASSET,
  amount: "10000",
  payTo: PAY_TO,
  isProven: true,
};

describe("checkPayment", () => {
  test("says who signed a good payment, and that it is valid", async () => {
    expect(await check(payment)).toEqual({ kind: "authentic", payment: signed, judge: expect.any(Function) });
    expect(await judge(payment)).toEqual({
      kind: "valid",
      payment: {
        ...signed,
        requirements: terms.requirements,
        paymentPayload: {
          x402Version: 2,
          resource: { url },
          accepted: terms.requirements,
          payload: { signature, authorization },
        },
        x402Version: 2,
        flow: "authorization",
        decimals: 6,
        validBeforeMs: (NOW.unixSeconds + 300) * 1000,
        settler: null,
      },
    });
  });

  test("judges a payment at the moment that it is asked, not when it was read", async () => {
    const late = { ...NOW, unixSeconds: NOW.unixSeconds + 251 };
    const result = await check(payment);
    const judgements = result.kind === "authentic" ? [result.judge(NOW).kind, result.judge(late).kind] : [];
    expect(judgements).toEqual(["valid", "stale"]);
  });

  test.each<[string, Partial<Authorization>, string, object, string]>([
    [
      "whose authorization is over",
      { validBefore: "1" },
      "10000",
      {},
      "invalid_exact_evm_payload_authorization_valid_before",
    ],
    [
      "that accepted an older price, before its authorization is looked at",
      { validBefore: "1" },
      "5000",
      { amount: "5000" },
      "invalid_payment_requirements",
    ],
    [
      "that accepted our price and signed for another payee",
      { to: STRANGER },
      "10000",
      { payTo: STRANGER },
      "invalid_exact_evm_payload_recipient_mismatch",
    ],
  ])("calls a payment stale %s, and says whose it is", async (_, changes, amount, differences, reason) => {
    const stale = await signPayment(amount, { ...inTime, ...changes, nonce: authorization.nonce }, payer);
    expect(await check(stale)).toMatchObject({ kind: "authentic", payment: { ...signed, ...differences } });
    expect(await judge(stale)).toEqual({ kind: "stale", reason });
  });

  test("calls a payment stale that accepted our price and signed another one", async () => {
    const cheap = await signPayment("5000", { ...inTime, nonce: authorization.nonce }, payer);
    const presented = { ...cheap, accepted: payment.accepted };
    expect(await check(presented)).toMatchObject({ kind: "authentic", payment: { ...signed, amount: "5000" } });
    expect(await judge(presented)).toEqual({
      kind: "stale",
      reason: "invalid_exact_evm_payload_authorization_value_mismatch",
    });
  });

  test.each<[string, object, object]>([
    ["nothing is offered for", { scheme: "upto" }, { kind: "refused", reason: "invalid_scheme" }],
    ["names another network", { network: "eip155:999999" }, { kind: "refused", reason: "invalid_network" }],
  ])("refuses a payment that %s without asking its signature", async (_, changes, result) => {
    expect(await check({ ...payment, accepted: { ...payment.accepted, ...changes }, payload: {} })).toEqual(result);
  });

  test("refuses a forged payment, also where it is off the price", async () => {
    const forged = { ...payment, payload: { signature, authorization: { ...authorization, from: STRANGER } } };
    const refused = { kind: "refused", reason: "invalid_exact_evm_payload_signature" };
    expect(await check(forged)).toEqual(refused);
    expect(await check({ ...forged, accepted: { ...payment.accepted, amount: "1" } })).toEqual(refused);
  });

  test("says of a contract wallet's payment that its payer is not proven", async () => {
    const ofContract = { ...payment, payload: { authorization, signature: `0x${"ab".repeat(100)}` } };
    expect(await check(ofContract)).toMatchObject({ kind: "authentic", payment: { ...signed, isProven: false } });
    expect(await judge(ofContract)).toMatchObject({ kind: "valid", payment: { isProven: false } });
  });

  test("hands the scheme what the route says of contract wallets", async () => {
    const forged = { ...payment, payload: { signature: `0x${"00".repeat(65)}`, authorization } };
    const presented = forged as unknown as PresentedPayment;
    expect(await checkPayment([terms], { ...presented, x402Version: 2 }, RESOURCE)).toMatchObject({ kind: "refused" });
    const open = { ...terms, contractWallets: true };
    expect(await checkPayment([open], { ...presented, x402Version: 2 }, RESOURCE)).toMatchObject({
      kind: "authentic",
      payment: { isProven: false },
    });
  });

  test("tells a payload without an authorization from one that is refused", async () => {
    expect(await check({ ...payment, payload: {} })).toMatchObject({ kind: "malformed" });
  });
});

describe("what goes to the facilitator", () => {
  const lower = { from: authorization.from.toLowerCase(), to: authorization.to.toLowerCase() };

  test("is ours: what the client accepted, added or left out is not in it", async () => {
    const accepted = { ...payment.accepted, maxTimeoutSeconds: 1, extra: { name: "other", gift: 1 }, gift: 1 };
    const spelt = { ...payment, accepted, extensions: { gift: {} }, resource: { url: "https://elsewhere/" }, gift: 1 };
    expect(facilitatorBody(await checked(spelt))).toBe(facilitatorBody(await checked(payment)));
  });

  test("has the extensions that the client echoed, in our words, and no other", async () => {
    const advertised = { bazaar: { info: { a: 1 } }, unused: {} };
    const extensions = { bazaar: { info: { a: 1, gift: 1 }, gift: 1 }, gift: {} };
    const { paymentPayload } = await checked({ ...payment, extensions }, { ...RESOURCE, advertised });
    expect(paymentPayload.extensions).toEqual({ bazaar: { info: { a: 1 } } });
  });

  test("has no extensions where the client echoed none of ours", async () => {
    const resource = { ...RESOURCE, advertised: { bazaar: {} } };
    for (const extensions of [undefined, null, {}, { gift: {} }]) {
      const { paymentPayload } = await checked({ ...payment, extensions }, resource);
      expect(paymentPayload).not.toHaveProperty("extensions");
    }
  });

  test.each<[string, unknown]>([
    ["in lower case", { ...payment, payload: { signature, authorization: { ...authorization, ...lower } } }],
    ["with v as 0 or 1", { ...payment, payload: { authorization, signature: withLowV(signature) } }],
    [
      "with explicit nulls",
      { ...payment, resource: null, extensions: null, accepted: { ...payment.accepted, extra: null } },
    ],
    ["with its members in another order", Object.fromEntries(Object.entries(payment).reverse())],
  ])("and the identity are the same for one payment %s", async (_, spelling) => {
    const [one, other] = [await checked(payment), await checked(spelling)];
    expect(facilitatorBody(other)).toBe(facilitatorBody(one));
    expect(other.id).toBe(one.id);
  });

  test("stays with the payment when it is admitted", async () => {
    const admitted = await checked(payment);
    const attempt = { payment: admitted, attemptId: "attempt", facilitatorBody: facilitatorBody(admitted) };
    const settler = { facilitator: "https://f.example", hasNext: false, leave: () => undefined };
    expect(admitPayment(attempt, { kind: "granted" }, { kind: "valid" }, settler)).toEqual({ ...attempt, ...settler });
  });
});

describe("a v1 payment", () => {
  const v1 = { x402Version: 1, accepted: { scheme: "exact", network: NETWORK } } as const;
  const judged = async (presented: PresentedPayment) => {
    const result = await checkPayment([terms], presented, RESOURCE);
    return result.kind === "authentic" ? result.judge(NOW) : result;
  };

  test("pays for the network's offer, and meets its v2 twin in one id and one facilitator body", async () => {
    const { payload } = payment as unknown as PresentedPayment;
    const judgement = await judged({ ...v1, payload });
    const twin = await checked(payment);
    expect(judgement).toEqual({ kind: "valid", payment: { ...twin, x402Version: 1 } });
  });

  test("is held to what it signed, because it names no price", async () => {
    const cheaper = await signPayment("9999", inTime, payer);
    const { payload } = cheaper as unknown as PresentedPayment;
    expect(await judged({ ...v1, payload })).toEqual({
      kind: "stale",
      reason: "invalid_exact_evm_payload_authorization_value_mismatch",
    });
  });
});
