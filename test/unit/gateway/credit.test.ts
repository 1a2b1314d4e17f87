import { beforeEach, describe, expect, test } from "vitest";
import type { Problem } from "../../../src/problem.ts";
import { type Payment, signPayment, transactionOf } from "../../support/payment.ts";
import {
  type Around,
  broken,
  endless,
  failing,
  GOODS,
  openGate,
  readErrors,
  reasonOf,
  tokenOf,
  upfront,
} from "./gate.ts";

let payment: Payment;
beforeEach(async () => {
  payment = upfront(await signPayment("10000"));
});

const table = { routes: { "/before": { price: "$0.01", settle: "before" } } };

test("what was paid for at the price of one header's value is redeemed with no other", async () => {
  const price = { by: { header: "x-tier" }, table: { cheap: "$0.01", dear: "$5" } };
  const gate = openGate({ routes: { "/c": { price, settle: "before" } } }, { upstream: failing(1) });
  const saying = (tier: string, more = {}) => ({ headers: new Headers({ "x-tier": tier, ...more }) });
  const paid = await gate.pay("/c", payment, saying("cheap"));
  expect(reasonOf(paid)).toBe("paid_undelivered");
  const redeemed = (tier: string) => gate.ask("/c", saying(tier, { "faregate-redeem": tokenOf(paid) }));
  expect(reasonOf(await redeemed("dear"))).toBe("payment_bound_elsewhere");
  expect(reasonOf(await redeemed("cheap"))).toBe("redelivered");
});

describe("what was paid for and not delivered", () => {
  test.each<[string, Around["upstream"], string, number | null]>([
    ["an error of the API", () => ({ ...GOODS, status: 500 }), "upstream_500", 500],
    ["an answer that is not for sale", () => ({ ...GOODS, status: 302 }), "upstream_302", null],
    ["no answer", broken, "upstream_unreachable", null],
  ])("is a credit, on record and told with its receipt, after %s", async (_, upstream, cause, status) => {
    const { ask, pay, entry } = openGate(table, { upstream });
    const outcome = await pay("/before", payment);
    expect(outcome).toMatchObject({
      problem: {
        reason: "paid_undelivered",
        cause,
        status,
        receipt: { success: true, transaction: transactionOf(payment.payload.authorization.nonce) },
      },
    });
    expect(entry(payment)).toBe("settled, undelivered");
    const { credit } = (outcome as { problem: Extract<Problem, { reason: "paid_undelivered" }> }).problem;
    const { pathname } = new URL(credit?.payment ?? "");
    expect(await ask(pathname)).toMatchObject({ json: { pay: "settled", delivery: "undelivered" } });
  });

  test("is told without the API's own page, which nobody reads on", async () => {
    const { body, reader } = endless();
    const { pay } = openGate(table, { upstream: () => ({ status: 500, body }) });
    expect(reasonOf(await pay("/before", payment))).toBe("paid_undelivered");
    await expect.poll(() => reader.isGone).toBe(true);
  });

  test("is a credit where the ledger was away when it was settled", async () => {
    let records = 0;
    const { pay, entry } = openGate(table, {
      upstream: broken,
      ledger: (method) => (method === "record" && ++records <= 3 ? "away" : "answers"),
    });
    const errors = await readErrors(async () => {
      expect(reasonOf(await pay("/before", payment))).toBe("paid_undelivered");
    });
    expect(errors).toEqual(["not_recorded"]);
    expect(entry(payment)).toBe("settled, undelivered");
  });

  test.each<[string, (times: number) => boolean]>([
    ["at all", () => true],
    ["for its address", (times) => times === 1],
    ["for its token", (times) => times === 2],
  ])("is told without a credit while the gate's own key cannot be had %s", async (_, isAway) => {
    let times = 0;
    const ledger: Around["ledger"] = (method) => (method === "key" && isAway(++times) ? "away" : "answers");
    const { pay } = openGate(table, { ledger, upstream: broken });
    expect(await pay("/before", payment)).toMatchObject({ problem: { reason: "paid_undelivered", credit: null } });
  });
});
