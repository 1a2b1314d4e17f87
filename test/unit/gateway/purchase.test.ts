import { beforeEach, describe, expect, test } from "vitest";
import { NETWORK, type Payment, signPayment, transactionOf } from "../../support/payment.ts";
import {
  broken,
  codeOf,
  endless,
  GOODS,
  HASH,
  idOf,
  openGate,
  readErrors,
  reasonOf,
  rejected,
  upfront,
  WAYS,
} from "./gate.ts";

let payment: Payment;
let other: Payment;
beforeEach(async () => {
  payment = await signPayment("10000");
  other = await signPayment("10000");
});

const receiptOf = ({ payload }: Payment) => ({
  ...{
    success: true,
    transaction: transactionOf(payload.authorization.nonce),
    network: NETWORK,
    payer: payload.authorization.from,
  },
  x402Version: 2,
});

describe("a call that is served and then settled", () => {
  test("is executed once, settled once, and handed over with its receipt", async () => {
    const { pay, seen, asked, reports, entry, kv } = openGate(WAYS);
    expect(await pay("/after", payment)).toMatchObject({ kind: "sold", receipt: receiptOf(payment) });
    expect(seen).toHaveLength(1);
    expect(asked).toEqual(["verify", "settle"]);
    expect(reports).toEqual(["settled", "delivered"]);
    expect(entry(payment)).toBe("settled, delivered");
    expect([...kv]).toEqual([[idOf(payment), transactionOf(payment.payload.authorization.nonce)]]);
  });

  test("is kept back where its settlement is rejected, and is known as neither spent nor open", async () => {
    const { body, reader } = endless();
    const settle = rejected("insufficient_funds");
    const { pay, entry, kv } = openGate(WAYS, { settle, upstream: () => ({ status: 200, body }) });
    const receipt = { ...receiptOf(payment), success: false, transaction: "", errorReason: "insufficient_funds" };
    expect(await pay("/after", payment)).toMatchObject({
      problem: { reason: "settlement_rejected", code: "insufficient_funds", receipt },
    });
    expect(reader.isGone).toBe(true);
    expect(entry(payment)).toBe("rejected, none");
    expect(kv.size).toBe(0);
  });

  test("is kept back where nobody says whether it was settled, and is open then", async () => {
    const { body, reader } = endless();
    const { pay, entry, kv } = openGate(WAYS, { settle: broken, upstream: () => ({ status: 200, body }) });
    expect(await pay("/after", payment)).toMatchObject({
      problem: { reason: "settlement_unknown", credit: { payment: expect.any(String), redeem: expect.any(String) } },
    });
    expect(reader.isGone).toBe(true);
    expect(entry(payment)).toBe("unknown, none");
    expect(kv.size).toBe(0);
  });
});

describe("a call that is settled before it is served", () => {
  test.each(["/before", "/after"])("is on record as settled at %s before the API is asked", async (path) => {
    const then: unknown[] = [];
    const upstream = () => {
      then.push(...gate.asked, gate.entry(payment));
      return GOODS;
    };
    const gate = openGate(WAYS, { upstream });
    expect(await gate.pay(path, upfront(payment))).toMatchObject({ kind: "sold", receipt: receiptOf(payment) });
    expect(then).toEqual(["verify", "settle", "settled, none"]);
    expect(gate.entry(payment)).toBe("settled, delivered");
    expect(gate.asked).toEqual(["verify", "settle"]);
  });

  test("is on record as settled at its end where the ledger was away at first", async () => {
    let records = 0;
    const { pay, entry } = openGate(WAYS, {
      ledger: (method) => (method === "record" && ++records <= 3 ? "away" : "answers"),
    });
    const errors = await readErrors(async () => {
      expect(reasonOf(await pay("/before", upfront(payment)))).toBe("sold");
    });
    expect(errors).toEqual(["not_recorded"]);
    expect(entry(payment)).toBe("settled, delivered");
  });

  test.each([
    ["rejected", rejected("insufficient_funds"), "settlement_rejected", "rejected, none"],
    ["not answered", broken, "settlement_unknown", "unknown, none"],
  ])("is not executed where that is %s", async (_, settle, reason, state) => {
    const { pay, seen, entry } = openGate(WAYS, { settle });
    expect(reasonOf(await pay("/before", upfront(payment)))).toBe(reason);
    expect(seen).toEqual([]);
    expect(entry(payment)).toBe(state);
  });
});

describe("a call that is served, and settled behind its answer", () => {
  test("is on record as owed before it goes out, and as settled in the end", async () => {
    const then: unknown[] = [];
    const settle = (): object => {
      then.push(gate.entry(payment));
      return { success: true, network: NETWORK, transaction: HASH };
    };
    const gate = openGate(WAYS, { settle });
    expect(await gate.pay("/async", payment)).toMatchObject({ kind: "served" });
    expect(then).toEqual(["owed, delivered"]);
    expect(gate.reports).toEqual(["served", "delivered", "settled"]);
    expect(gate.entry(payment)).toBe("settled, delivered");
    expect([...gate.kv]).toEqual([[idOf(payment), HASH]]);
  });

  test("counts against what all payers may owe until it is settled", async () => {
    const { pay } = openGate(WAYS);
    expect(reasonOf(await pay("/async", payment))).toBe("served");
    expect(reasonOf(await pay("/async", other))).toBe("served");
    const { pay: payInVain } = openGate(WAYS, { settle: rejected("insufficient_funds") });
    expect(reasonOf(await payInVain("/async", payment))).toBe("served");
    expect(codeOf(await payInVain("/async", other))).toBe("gate_over_cap");
  });

  test("is owed where its settlement is rejected, and is soon settled again", async () => {
    let wallet = rejected("insufficient_funds");
    const { pay, alarm, entry, asked, reports, kv } = openGate(WAYS, { settle: () => wallet() });
    expect(reasonOf(await pay("/async", payment))).toBe("served");
    expect(entry(payment)).toBe("owed, delivered");
    expect(reports).toEqual(["served", "delivered", "postponed insufficient_funds"]);
    expect(kv.size).toBe(0);
    wallet = () => ({ success: true, network: NETWORK, transaction: HASH });
    await alarm(5_000);
    expect(entry(payment)).toBe("settled, delivered");
    expect(asked).toEqual(["verify", "settle", "settle"]);
  });

  test("is open where nobody says whether it was settled", async () => {
    const { pay, entry, reports, kv } = openGate(WAYS, { settle: broken });
    expect(reasonOf(await pay("/async", payment))).toBe("served");
    expect(entry(payment)).toBe("unknown, delivered");
    expect(reports).toEqual(["served", "delivered", "lost"]);
    expect(kv.size).toBe(0);
  });

  test("is never owed where the API fails, and no longer counts against what all payers may owe", async () => {
    let status = 500;
    const { pay, asked, reports, entry } = openGate(WAYS, { upstream: () => ({ ...GOODS, status }) });
    expect(await pay("/async", payment)).toMatchObject({ kind: "unsold", answer: { status: 500 } });
    expect(asked).toEqual(["verify"]);
    expect(reports).toEqual(["uncharged upstream_500"]);
    expect(entry(payment)).toBe("uncharged, none");
    status = 200;
    expect(reasonOf(await pay("/async", other))).toBe("served");
  });

  test("is neither served nor owed where no ledger holds that it is", async () => {
    const { body, reader } = endless();
    const { pay, asked, reports, entry } = openGate(WAYS, {
      ledger: (_, events) => (events.includes("served") ? "away" : "answers"),
      upstream: () => ({ status: 200, body }),
    });
    const errors = await readErrors(async () => {
      expect(reasonOf(await pay("/async", payment))).toBe("ledger_unavailable");
    });
    expect(errors).toEqual(["not_recorded"]);
    expect(reader.isGone).toBe(true);
    expect(asked).toEqual(["verify"]);
    expect(reports).toEqual(["uncharged ledger_unavailable"]);
    expect(entry(payment)).toBe("uncharged, none");
  });
});
