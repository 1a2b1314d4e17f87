import { beforeEach, describe, expect, test } from "vitest";
import type { Fate } from "../../../src/chain/index.ts";
import { newAccount, type Payment, signPayment, transactionOf } from "../../support/payment.ts";
import {
  asksUpfront,
  broken,
  codeOf,
  endless,
  failing,
  GOODS,
  HASH,
  isSettled,
  keyed,
  openGate,
  paidWith,
  reasonOf,
  rejected,
  textOf,
  upfront,
} from "./gate.ts";

const account = newAccount();
const sign = (): Promise<Payment> => signPayment("10000", {}, account);
let payment: Payment;
beforeEach(async () => {
  payment = await sign();
});

const MINUTES = 60_000;

describe("a payment that is presented again", () => {
  test("while its call is under way is told so, and executes nothing", async () => {
    let release = (_: typeof GOODS): void => undefined;
    const slow = new Promise<typeof GOODS>((resolve) => {
      release = resolve;
    });
    const { answer, seen, settled } = openGate({}, { upstream: () => slow });
    const first = answer("/paid", paidWith(payment));
    await expect.poll(() => seen.length, { interval: 1 }).toBe(1);
    expect(reasonOf(await answer("/paid", paidWith(payment)))).toBe("payment_in_flight");
    release(GOODS);
    expect(reasonOf(await first)).toBe("sold");
    await settled();
    expect(seen).toHaveLength(1);
  });

  test("for another call is told that it bought something else", async () => {
    const { pay, seen } = openGate();
    expect(reasonOf(await pay("/paid", payment, keyed()))).toBe("sold");
    expect(reasonOf(await pay("/paid?other", payment, keyed()))).toBe("payment_bound_elsewhere");
    expect(seen).toHaveLength(1);
  });

  test("after its settlement was rejected is told why, and that another one may be signed", async () => {
    const { pay, seen } = openGate({}, { settle: rejected("insufficient_funds") });
    await pay("/paid", payment);
    const again = await pay("/paid", payment);
    expect([reasonOf(again), codeOf(again)]).toEqual(["payment_ended", "insufficient_funds"]);
    expect(seen).toHaveLength(1);
  });

  test("after it was settled is told its transaction, without a question to anybody", async () => {
    const { pay, calls, asked, clock } = openGate();
    expect(reasonOf(await pay("/paid", payment))).toBe("sold");
    const before = [...calls, ...asked];
    for (const laterMs of [0, 10 * MINUTES]) {
      clock.nowMs += laterMs;
      expect(await pay("/paid", payment)).toEqual({
        kind: "refused",
        problem: {
          reason: "payment_settled",
          transaction: transactionOf(payment.payload.authorization.nonce),
          isCredit: false,
        },
      });
    }
    expect([...calls, ...asked]).toEqual(before);
  });
});

describe("a payment that comes late", () => {
  const late = async (
    earlier: ReturnType<typeof openGate> | null,
    key: object,
    ledger: "answers" | "away" = "answers",
  ) => {
    // Another isolate: its own list of what is spent is empty.
    const gate = openGate({}, { ledger: () => ledger, ...(earlier && { before: earlier.place }) });
    gate.kv.clear();
    gate.clock.nowMs += 10 * MINUTES;
    return gate.pay("/paid", payment, key);
  };

  test("is refused where nobody knows it", async () => {
    const outcome = await late(null, {});
    expect(reasonOf(outcome)).toBe("payment_refused");
    expect(codeOf(outcome)).toMatch(/valid_before|expired/);
  });

  test("is told that it was settled, without the goods, where no key comes with it", async () => {
    const earlier = openGate();
    expect(reasonOf(await earlier.pay("/paid", payment, keyed()))).toBe("sold");
    expect(reasonOf(await late(earlier, {}))).toBe("payment_settled");
    expect(reasonOf(await late(earlier, keyed("other")))).toBe("payment_settled");
  });

  test("has its answer once more with the key that came with it first", async () => {
    const earlier = openGate();
    expect(reasonOf(await earlier.pay("/paid", payment, keyed()))).toBe("sold");
    const again = await late(earlier, keyed());
    expect(reasonOf(again)).toBe("redelivered");
    expect(await textOf(again)).toBe("goods");
  });

  test("has no new challenge while the ledger is away: it may well have paid", async () => {
    const outcome = await late(null, {}, "away");
    expect(outcome).toEqual({ kind: "refused", problem: { reason: "settlement_unknown", credit: null } });
  });
});

describe("another payment of the same payer", () => {
  test("under a key that named another call is told so", async () => {
    const { pay, seen } = openGate();
    expect(reasonOf(await pay("/paid", payment, keyed()))).toBe("sold");
    expect(reasonOf(await pay("/paid?other", await sign(), keyed()))).toBe("key_reused");
    expect(seen).toHaveLength(1);
  });

  test("is one too many after executions that nobody paid for", async () => {
    const { pay, seen } = openGate({ maxUncharged: 2 }, { upstream: failing(2) });
    expect(reasonOf(await pay("/paid", payment))).toBe("unsold");
    expect(reasonOf(await pay("/paid", await sign()))).toBe("unsold");
    expect(await pay("/paid", await sign())).toMatchObject({ problem: { reason: "payer_over_cap", cap: "uncharged" } });
    expect(seen).toHaveLength(2);
  });

  test("is refused where the last one was served and its authorization canceled, and is asked for upfront", async () => {
    const table = { routes: { "/paid": { price: "$0.01", settle: "async", maxUnsettled: "$1" } } };
    const settle = rejected("insufficient_funds");
    const { pay, alarm, entry, seen, place } = openGate(table, { settle, fate: () => ({ kind: "canceled" }) });
    expect(reasonOf(await pay("/paid", payment))).toBe("served");
    await alarm(5_000);
    expect(entry(payment)).toBe("failed, delivered");
    const outcome = await pay("/paid", await sign());
    expect([codeOf(outcome), asksUpfront(outcome)]).toEqual(["payer_in_debt", true]);
    // A table that lets nobody owe any more has no such offer.
    const later = await openGate({}, { before: place }).pay("/paid", await sign());
    expect([codeOf(later), asksUpfront(later)]).toEqual(["payer_in_debt", false]);
    expect(seen).toHaveLength(1);
  });
});

describe("a settlement that nobody answered for", () => {
  /** Its answer is lost so often. */
  const losing = (times: number) => {
    let left = times;
    return (body: string): object => (left-- > 0 ? broken() : isSettled(body));
  };

  test("is asked about again while the buyer waits, and its goods are kept back without proof of the purchase", async () => {
    const { pay, asked, seen, entry } = openGate({}, { settle: losing(1) });
    expect(reasonOf(await pay("/paid", payment))).toBe("settlement_unknown");
    expect(await pay("/paid", payment)).toMatchObject({
      problem: { reason: "payment_settled", transaction: transactionOf(payment.payload.authorization.nonce) },
    });
    expect(asked.filter((question) => question === "settle")).toHaveLength(2);
    expect(entry(payment)).toBe("settled, undelivered");
    expect(seen).toHaveLength(1);
  });

  test("is found out by who waited for the pause after a try to end, and not lent to them in vain", async () => {
    const fates: readonly Fate[] = [
      { kind: "unavailable", detail: "RPC 1 did not answer" },
      { kind: "paid", transaction: HASH, amount: "10000" },
    ];
    let [fate] = fates;
    let wait = (): void => undefined;
    const changes = { sleep: async () => wait() };
    const { pay, clock, seen } = openGate({}, { settle: losing(1), fate: () => fate as Fate, changes });
    expect(reasonOf(await pay("/paid", payment, keyed()))).toBe("settlement_unknown");
    expect(reasonOf(await pay("/paid", payment, keyed()))).toBe("settlement_unknown");
    [, fate] = fates;
    clock.nowMs += 1_500;
    wait = () => void (clock.nowMs += 1_000);
    expect(reasonOf(await pay("/paid", payment, keyed()))).toBe("redelivered");
    expect(seen).toHaveLength(1);
  });

  test("has its goods handed over, once it is known, from what was kept", async () => {
    const { pay, seen, entry, reports } = openGate({}, { settle: losing(1) });
    expect(reasonOf(await pay("/paid", payment, keyed()))).toBe("settlement_unknown");
    for (const _ of ["then", "and once more"]) {
      const outcome = await pay("/paid", payment, keyed());
      expect(outcome).toMatchObject({
        kind: "redelivered",
        receipt: { success: true, transaction: transactionOf(payment.payload.authorization.nonce) },
      });
      expect(await textOf(outcome)).toBe("goods");
      expect(entry(payment)).toBe("settled, redeemed");
    }
    expect(reports).toEqual(["lost", "settled", "redeemed"]);
    expect(seen).toHaveLength(1);
  });

  test("stays unknown where it is not answered for again", async () => {
    const { pay, entry, seen } = openGate({}, { settle: broken });
    for (const _ of ["first", "again"])
      expect(await pay("/paid", payment)).toMatchObject({ problem: { reason: "settlement_unknown" } });
    expect(entry(payment)).toBe("unknown, none");
    expect(seen).toHaveLength(1);
  });

  test("stays unknown where the ledger is gone when the answer is there", async () => {
    let claims = 0;
    const ledger = (method: string) => (method === "claim" && ++claims > 2 ? "away" : "answers") as "away" | "answers";
    const { pay } = openGate({}, { settle: losing(1), ledger });
    expect(reasonOf(await pay("/paid", payment))).toBe("settlement_unknown");
    expect(reasonOf(await pay("/paid", payment))).toBe("settlement_unknown");
  });

  test("that somebody is finding out about is waited for a little, and asked about by one alone", async () => {
    let tell = (_: Fate): void => undefined;
    const found = new Promise<Fate>((resolve) => {
      tell = resolve;
    });
    let looks = 0;
    const fate = (): Promise<Fate> => {
      looks++;
      return found;
    };
    const slept: number[] = [];
    const sleep = async (ms: number): Promise<void> => {
      slept.push(ms);
      tell({ kind: "paid", transaction: HASH, amount: "10000" });
      await finder;
    };
    const { answer, pay, settled } = openGate({}, { settle: broken, fate, changes: { sleep } });
    expect(reasonOf(await pay("/paid", payment))).toBe("settlement_unknown");
    const finder = answer("/paid", paidWith(payment));
    await expect.poll(() => looks, { interval: 1 }).toBe(1);
    expect(reasonOf(await answer("/paid", paidWith(payment)))).toBe("payment_settled");
    expect(reasonOf(await finder)).toBe("payment_settled");
    await settled();
    expect([slept, looks]).toEqual([[1000], 1]);
  });
});

describe("a call that was paid for upfront and failed", () => {
  const table = { routes: { "/before": { price: "$0.01", settle: "before" } } };

  test("is executed again for the same payment and key, and is over then", async () => {
    const { pay, asked, seen, entry, reports } = openGate(table, { upstream: failing(1) });
    expect(reasonOf(await pay("/before", upfront(payment), keyed()))).toBe("paid_undelivered");
    const again = await pay("/before", upfront(payment), keyed());
    expect(again).toMatchObject({
      kind: "redelivered",
      receipt: { success: true, transaction: transactionOf(payment.payload.authorization.nonce) },
    });
    expect(entry(payment)).toBe("settled, redeemed");
    expect(reports.at(-1)).toBe("redeemed");
    expect(seen).toHaveLength(2);
    expect(asked).toEqual(["verify", "settle", "verify"]);
  });

  test("is a credit still where it fails again", async () => {
    const { pay, seen, entry } = openGate(table, { upstream: failing(2) });
    for (const _ of ["first", "again"])
      expect(await pay("/before", upfront(payment), keyed())).toMatchObject({
        problem: {
          reason: "paid_undelivered",
          status: 500,
          receipt: { success: true, transaction: transactionOf(payment.payload.authorization.nonce) },
        },
      });
    expect(entry(payment)).toBe("settled, undelivered");
    expect(seen).toHaveLength(2);
  });

  test("is a credit still where its second answer is left by its client", async () => {
    const { body } = endless();
    let calls = 0;
    const upstream = () => (++calls === 1 ? { ...GOODS, status: 500 } : { status: 200, body });
    const { pay, entry, settled } = openGate(table, { upstream });
    await pay("/before", upfront(payment), keyed());
    const again = await pay("/before", upfront(payment), keyed());
    expect(reasonOf(again)).toBe("redelivered");
    if ("answer" in again && again.answer.body instanceof ReadableStream) await again.answer.body.cancel();
    await settled();
    expect(entry(payment)).toBe("settled, undelivered");
  });
});
