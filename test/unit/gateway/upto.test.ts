// A payment by upto belongs to the facilitator whose account its payer signed.

import { describe, expect, test } from "vitest";
import { facilitatorBody, knownOf } from "../../../src/facilitator/index.ts";
import type { Order } from "../../../src/gateway/gate.ts";
import { Trace } from "../../../src/gateway/trace.ts";
import { candidatesOf, nobodysReason, verifyWith } from "../../../src/gateway/verify.ts";
import { buildTerms, type CheckedPayment, checkPayment } from "../../../src/schemes/index.ts";
import { findNetwork, type PresentedPayment } from "../../../src/x402/index.ts";
import { NETWORK, PAY_TO, unixNow } from "../../support/payment.ts";
import { FACILITATOR, signUptoPayment } from "../../support/permit2-payment.ts";
import { type Around, isValid, openGate } from "./gate.ts";

const [ONE, TWO] = ["https://one.example/x402", "https://two.example/x402"] as const;
const OTHER = "0x3C44CdDdB6a900fa2b585dd299e03d12FA4293BC";
const UPTO = { scheme: "upto", network: NETWORK };

const settlingAs = (facilitatorAddress: string): object => ({
  kinds: [{ x402Version: 2, ...UPTO, extra: { facilitatorAddress } }],
  signers: { "eip155:*": [facilitatorAddress] },
});
/** What each says of itself; one that throws says nothing. */
const saying =
  (one: () => object, two: () => object): Around["supported"] =>
  (_, url) =>
    url.startsWith("https://one") ? one() : two();

const { token } = findNetwork(NETWORK) ?? expect.fail();
const price = { network: NETWORK, token, amount: 10000n, payTo: PAY_TO, maxTimeoutSeconds: 300 };
const terms = buildTerms({ ...price, scheme: "upto", assetTransferMethod: "permit2" }, false, "authorization");

async function checkedFor(facilitator: string): Promise<CheckedPayment> {
  const presented = (await signUptoPayment("10000", { facilitator })) as unknown as PresentedPayment;
  const resource = { url: "https://h/", advertised: {}, sponsoring: [] };
  const check = checkPayment([terms ?? expect.fail()], presented, resource);
  const judged = check.kind === "authentic" && check.judge({ unixSeconds: unixNow(), roomSeconds: 1 });
  return (judged && judged.kind === "valid" && judged.payment) || expect.fail();
}

async function open(around: Partial<Around>, isKnown = true) {
  const opened = openGate({ facilitators: [ONE, TWO] }, around);
  const { gate } = opened;
  if (isKnown) await Promise.all(gate.facilitators.all.map(({ supported }) => supported.refresh()));
  const order = { access: { offer: { facilitators: gate.config.facilitators } } } as unknown as Order;
  const candidates = (payment: CheckedPayment) => candidatesOf(gate, order, payment);
  const names = (payment: CheckedPayment) => candidates(payment)?.map(({ name }) => name) ?? null;
  return { ...opened, candidates, names };
}
const away = (): never => {
  throw new Error("away");
};
const BOTH = saying(
  () => settlingAs(FACILITATOR),
  () => settlingAs(OTHER),
);

describe("a payment by upto", () => {
  test("is asked for with the account that it was signed for, whatever its challenge named", async () => {
    const { requirements, paymentPayload, settler } = await checkedFor(OTHER);
    expect(settler).toBe(OTHER);
    expect(requirements.extra).toEqual({
      assetTransferMethod: "permit2",
      name: "USDC",
      version: "2",
      facilitatorAddress: OTHER,
    });
    expect(paymentPayload.accepted).toEqual(requirements);
  });

  test("goes to the facilitator whose account it names, and to no other", async () => {
    const { names } = await open({ supported: BOTH });
    expect(names(await checkedFor(FACILITATOR))).toEqual([ONE]);
    expect(names(await checkedFor(OTHER))).toEqual([TWO]);
  });

  test("goes to nobody where it names none of theirs, and its payer is told so", async () => {
    const { names } = await open({ supported: BOTH });
    const payment = await checkedFor(PAY_TO);
    expect([names(payment), nobodysReason(payment)]).toEqual([null, "upto_facilitator_mismatch"]);
    const onSolana = { ...payment, requirements: { ...payment.requirements, scheme: "exact" } };
    expect(nobodysReason(onSolana)).toBe("invalid_exact_svm_fee_payer_not_managed_by_facilitator");
  });

  test("may be anybody's while they have not said whose accounts they have: the one that says so comes first", async () => {
    expect((await open({}, false)).names(await checkedFor(OTHER))).toEqual([ONE, TWO]);
    const { names } = await open({ supported: saying(away, () => settlingAs(OTHER)) });
    expect(names(await checkedFor(OTHER))).toEqual([TWO, ONE]);
    expect(names(await checkedFor(FACILITATOR))).toEqual([ONE]);
  });

  test("is verified by the next one where the first says that it is another's", async () => {
    const verify: Around["verify"] = (body, url) =>
      url.startsWith("https://one") ? { isValid: false, invalidReason: "upto_facilitator_mismatch" } : isValid(body);
    const { candidates, gate } = await open({ verify }, false);
    const trace = new Trace("request-id", Date.now);
    const payment = await checkedFor(OTHER);
    const attempt = { payment, attemptId: "a", facilitatorBody: facilitatorBody(payment) };
    const { verdict, by } = await verifyWith(gate, trace, candidates(payment) ?? expect.fail(), attempt);
    expect([verdict.kind, by.name]).toEqual(["valid", TWO]);
  });
});

describe("a challenge by upto names", () => {
  const named = async (supported: Around["supported"]) => {
    const { gate } = await open({ supported });
    return knownOf(gate.facilitators.all).settler(UPTO);
  };
  const exactAlone = (): object => ({
    kinds: [{ x402Version: 2, scheme: "exact", network: NETWORK }],
    signers: { "eip155:*": [FACILITATOR] },
  });

  test("the account of the first that settles by it", async () => {
    expect(await named(BOTH)).toBe(FACILITATOR);
    expect(await named(saying(exactAlone, () => settlingAs(OTHER)))).toBe(OTHER);
    expect(await named(saying(away, () => settlingAs(OTHER)))).toBe(OTHER);
  });

  test("nobody where none is known to", async () => {
    expect(await named(saying(exactAlone, away))).toBeNull();
    expect(await named(saying(away, away))).toBeNull();
  });
});
