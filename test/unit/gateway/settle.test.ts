// How far a facilitator's "settled" is believed.

import { afterEach, describe, expect, test, vi } from "vitest";
import type { Authorization, Fate } from "../../../src/chain/index.ts";
import { newAccount, type Payment, signPayment } from "../../support/payment.ts";
import {
  type Around,
  broken,
  GOODS,
  HASH,
  isSettled,
  keyed,
  openGate,
  paidWith,
  reasonOf,
  textOf,
  tokenOf,
  upfront,
  WAYS,
} from "./gate.ts";

const OTHER_HASH = `0x${"cd".repeat(32)}`;
const RPC = { "base-sepolia": "https://rpc.example" };

/** Whatever it is asked to settle, it names one transaction. */
const repeated = (body: string): object => ({ ...isSettled(body), transaction: HASH });

/** What the chain says, one time after the other; the last word stays. */
function saying(...fates: readonly Fate[]) {
  const asked: Authorization[] = [];
  const fate = (authorization: Authorization): Fate => {
    asked.push(authorization);
    return fates[Math.min(asked.length, fates.length) - 1] ?? expect.fail();
  };
  return { fate, asked };
}

const paid: Fate = { kind: "paid", transaction: OTHER_HASH, amount: "10000" };
const unused: Fate = { kind: "unused", chainTimeMs: 0 };
const unavailable: Fate = { kind: "unavailable", detail: "down" };

describe("a transaction that paid for another payment already", () => {
  async function buyTwice(path: string, around: Partial<Around>) {
    const gate = openGate(WAYS, { settle: repeated, ...around });
    const sign = async (): Promise<Payment> => {
      const signed = await signPayment("10000");
      return path === "/before" ? upfront(signed) : signed;
    };
    const first = await gate.pay(path, await sign());
    const payment = await sign();
    const second = await gate.pay(path, payment);
    return { ...gate, kinds: [reasonOf(first), reasonOf(second)], second, payment };
  }

  test.each(["/after", "/before"])(
    "settles no second one, and nobody is asked to pay for that again (%s)",
    async (path) => {
      const { kinds, entry, payment, alarm } = await buyTwice(path, {});
      expect(kinds).toEqual(["sold", "settlement_unknown"]);
      expect(entry(payment)).toBe("unknown, none");
      // It says so again.
      await alarm(60_000);
      expect(entry(payment)).toBe("unknown, none");
    },
  );

  test.each([
    ["/after", "sold", "unknown, delivered"],
    ["/before", "settlement_unknown", "unknown, none"],
    ["/async", "served", "unknown, delivered"],
  ])("settles no second one on record, whichever isolate hears of it (%s)", async (path, said, state) => {
    const first = openGate(WAYS, { settle: repeated });
    expect(reasonOf(await first.pay("/after", await signPayment("10000")))).toBe("sold");
    const { pay, entry, alarm } = openGate(WAYS, { settle: repeated, before: first.place });
    const payment = await signPayment("10000");
    const outcome = await pay(path, path === "/before" ? upfront(payment) : payment);
    expect([reasonOf(outcome), entry(payment)]).toEqual([said, state]);
    // It says so again.
    await alarm(60_000);
    expect(entry(payment)).toBe(state);
  });

  test("settles no second one where it was the chain that named it first", async () => {
    const { fate } = saying(paid);
    const dear = openGate({ ...WAYS, rpc: RPC, verifyAbove: "$0" }, { fate });
    expect(await dear.pay("/after", await signPayment("10000"))).toMatchObject({
      receipt: { transaction: OTHER_HASH },
    });
    const settle = (body: string): object => ({ ...isSettled(body), transaction: OTHER_HASH });
    const { pay, entry } = openGate(WAYS, { settle, before: dear.place });
    const payment = await signPayment("10000");
    await pay("/after", payment);
    expect(entry(payment)).toBe("unknown, delivered");
  });

  test("settles no second one where the first was found out later", async () => {
    const { fate } = saying(paid);
    const found = openGate(WAYS, { fate, settle: broken });
    await found.pay("/after", await signPayment("10000"));
    await found.alarm(60_000);
    const settle = (body: string): object => ({ ...isSettled(body), transaction: OTHER_HASH });
    const { pay, entry } = openGate(WAYS, { settle, before: found.place });
    const payment = await signPayment("10000");
    await pay("/after", payment);
    expect(entry(payment)).toBe("unknown, delivered");
  });

  test("settles two where the chain shows that it paid for both", async () => {
    const paidTogether: Fate = { kind: "paid", transaction: HASH, amount: "10000" };
    const first = openGate(WAYS, { settle: repeated });
    await first.pay("/after", await signPayment("10000"));
    const around = { settle: repeated, fate: () => paidTogether, before: first.place };
    const { pay, entry, alarm } = openGate(WAYS, around);
    const payment = await signPayment("10000");
    await pay("/after", payment);
    await alarm(60_000);
    expect(entry(payment)).toBe("settled, delivered");
    const dear = openGate({ ...WAYS, rpc: RPC, verifyAbove: "$0" }, around);
    const next = await signPayment("10000");
    await dear.pay("/after", next);
    expect(dear.entry(next)).toBe("settled, delivered");
  });

  /** Another isolate has settled a payment with it. */
  async function settledElsewhere() {
    const first = openGate(WAYS, { settle: repeated });
    expect(reasonOf(await first.pay("/after", await signPayment("10000")))).toBe("sold");
    return first.place;
  }

  test("is looked for on the chain before a buyer is turned away who waits for it", async () => {
    const fate = (): Fate => ({ kind: "paid", transaction: HASH, amount: "10000" });
    const { pay, entry } = openGate(WAYS, { settle: repeated, before: await settledElsewhere(), fate });
    const payment = upfront(await signPayment("10000"));
    expect([reasonOf(await pay("/before", payment)), entry(payment)]).toEqual(["sold", "settled, delivered"]);
  });

  test("is not told of as the one that settled this, however often it is presented, and when it has failed", async () => {
    const place = await settledElsewhere();
    const fate = (): Fate => ({ kind: "unused", chainTimeMs: place.clock.nowMs });
    const { pay, entry, clock, alarm } = openGate(WAYS, { settle: repeated, before: place, fate });
    const payment = upfront(await signPayment("10000"));
    const told = [reasonOf(await pay("/before", payment))];
    clock.nowMs += 10_000;
    told.push(reasonOf(await pay("/before", payment)));
    expect([...told, entry(payment)]).toEqual(["settlement_unknown", "settlement_unknown", "unknown, none"]);
    await alarm(600_000);
    expect([reasonOf(await pay("/before", payment)), entry(payment)]).toEqual(["payment_ended", "failed, none"]);
  });

  test("does not have a stream executed twice that is still on its way when the chain shows it", async () => {
    const { readable, writable } = new TransformStream<Uint8Array, Uint8Array>();
    let isFirst = true;
    const upstream: Around["upstream"] = () => {
      const goods = isFirst ? { status: 200, body: readable } : GOODS;
      isFirst = false;
      return goods;
    };
    const account = newAccount();
    const chain: { word: Fate } = { word: { kind: "unavailable", detail: "down" } };
    const around = { settle: repeated, before: await settledElsewhere(), upstream, fate: () => chain.word };
    const { answer, alarm, entry, seen, settled } = openGate(WAYS, around);
    const payment = await signPayment("10000", {}, account);
    const outcome = await answer("/after", paidWith(payment));
    chain.word = { kind: "paid", transaction: HASH, amount: "10000" };
    await alarm(5_000);
    expect(entry(payment)).toBe("owed, none");
    expect(reasonOf(await answer("/after", paidWith(await signPayment("10000", {}, account))))).toBe("sold");
    const writer = writable.getWriter();
    void writer.write(new TextEncoder().encode("goods")).then(() => writer.close());
    expect(await textOf(outcome)).toBe("goods");
    await settled();
    expect([seen.length, entry(payment)]).toEqual([2, "unknown, delivered"]);
    await alarm(60_000);
    expect(entry(payment)).toBe("settled, delivered");
  });

  test("cannot be told from a new one while nobody can be asked, and is believed", async () => {
    const { pay, entry } = openGate(WAYS, { ledger: (method) => (method === "assign" ? "away" : "answers") });
    const payment = await signPayment("10000");
    await pay("/after", payment);
    expect(entry(payment)).toBe("settled, delivered");
  });

  test("leaves what was served a debt until it is found out", async () => {
    const { kinds, entry, payment } = await buyTwice("/async", { changes: {} });
    expect(kinds).toEqual(["served", "served"]);
    expect(entry(payment)).toBe("unknown, delivered");
  });

  test("is looked for on the chain where there is one to look at: some settle many payments at once", async () => {
    const { fate, asked } = saying(paid);
    const { kinds, second } = await buyTwice("/after", { fate });
    expect(kinds).toEqual(["sold", "sold"]);
    expect(second).toMatchObject({ receipt: { transaction: OTHER_HASH } });
    expect(asked).toMatchObject([{ transaction: HASH }]);
  });

  test("is believed when it is named for the same payment again", async () => {
    let isLost = true;
    const settle = (body: string): object => {
      if (isLost) throw new Error("the answer is lost");
      return repeated(body);
    };
    const { pay, alarm, entry } = openGate(WAYS, { settle });
    const payment = await signPayment("10000");
    await pay("/after", payment);
    isLost = false;
    await alarm(60_000);
    expect(entry(payment)).toBe("settled, undelivered");
  });
});

describe("a settlement above the table's verifyAbove", () => {
  const open = (verifyAbove: string, around: Partial<Around>) => openGate({ ...WAYS, rpc: RPC, verifyAbove }, around);

  test("is looked for in as many blocks as its facilitator asks for", async () => {
    const looks: (number | undefined)[] = [];
    const fate: Around["fate"] = (_, confirmations) => {
      looks.push(confirmations);
      return paid;
    };
    const { gate, pay } = open("$0.009999", { fate });
    for (const one of gate.facilitators.all) Object.assign(one, { confirmations: 3 });
    expect(reasonOf(await pay("/after", await signPayment("10000")))).toBe("sold");
    expect(looks).toEqual([3]);
  });

  test.each(["/after", "/before"])(
    "is delivered when the chain shows it, maybe later than the facilitator (%s)",
    async (path) => {
      const { fate, asked } = saying(unused, unavailable, paid);
      const { pay } = open("$0.009999", { fate });
      const payment = await signPayment("10000");
      const outcome = await pay(path, path === "/before" ? upfront(payment) : payment);
      expect(outcome).toMatchObject({ kind: "sold", receipt: { transaction: OTHER_HASH } });
      expect(asked).toHaveLength(3);
      expect(asked[0]).toMatchObject({ amount: "10000", transaction: expect.stringMatching(/^0x/) });
    },
  );

  test.each([unused, unavailable, { kind: "canceled" } satisfies Fate])(
    "is unknown where the chain does not show it, and nothing is delivered: %j",
    async (word) => {
      const { fate, asked } = saying(word);
      const { pay, entry } = open("$0", { fate });
      const payment = await signPayment("10000");
      expect(reasonOf(await pay("/after", payment))).toBe("settlement_unknown");
      expect(entry(payment)).toBe("unknown, none");
      expect(asked).toHaveLength(8);
    },
  );

  test("is not believed for being said again, however its buyer comes back, until the chain shows it", async () => {
    const chain: { word: Fate } = { word: unused };
    const { pay, ask, entry, asked, clock } = open("$0", { fate: () => chain.word });
    const payment = await signPayment("10000");
    const first = await pay("/after", payment, keyed());
    const redeem = (): ReturnType<typeof ask> => {
      clock.nowMs += 5_000;
      return ask("/after", { headers: new Headers({ "faregate-redeem": tokenOf(first) }) });
    };
    const outcomes = [first, await pay("/after", payment, keyed()), await redeem()];
    expect(outcomes.map(reasonOf)).toEqual(Array(3).fill("settlement_unknown"));
    expect(asked.filter((endpoint) => endpoint === "settle")).toHaveLength(3);
    expect(entry(payment)).toBe("unknown, none");
    chain.word = paid;
    expect(await redeem()).toMatchObject({ kind: "redelivered", receipt: { transaction: OTHER_HASH } });
  });

  test("is believed by no one who goes on with it when the route is gone, until the chain shows it", async () => {
    const chain: { word: Fate } = { word: unused };
    const around = { fate: () => chain.word };
    const before = open("$0", around);
    const payment = await signPayment("10000");
    expect(reasonOf(await before.pay("/async", payment))).toBe("served");
    const { alarm, entry, asked } = openGate({ rpc: RPC, routes: {} }, { ...around, before: before.place });
    await alarm(60_000);
    expect([asked, entry(payment)]).toEqual([["settle"], "unknown, delivered"]);
    chain.word = paid;
    await alarm(60_000);
    expect(entry(payment)).toBe("settled, delivered");
  });

  test("is looked for no longer than ten seconds", async () => {
    const { fate, asked } = saying(unavailable);
    const { pay, clock } = open("$0", {
      fate: (authorization) => {
        clock.nowMs += 6_000;
        return fate(authorization);
      },
    });
    expect(reasonOf(await pay("/after", await signPayment("10000")))).toBe("settlement_unknown");
    expect(asked).toHaveLength(2);
  });

  afterEach(() => void vi.useRealTimers());

  test("is waited for no longer where nobody answers for it", async () => {
    const looked = Promise.withResolvers<void>();
    const settle: Around["settle"] = (body) => {
      // From here on nothing but the look takes its time.
      vi.useFakeTimers({ toFake: ["setTimeout"] });
      return isSettled(body);
    };
    const fate = (): Promise<Fate> => {
      looked.resolve();
      return new Promise(() => undefined);
    };
    const { answer } = open("$0", { settle, fate });
    const answered = answer("/after", paidWith(await signPayment("10000")));
    await looked.promise;
    await vi.advanceTimersByTimeAsync(10_000);
    vi.useRealTimers();
    expect(reasonOf(await answered)).toBe("settlement_unknown");
  });

  test("and one that is not above it is believed", async () => {
    const { fate, asked } = saying(unused);
    const { pay } = open("$0.01", { fate });
    expect(reasonOf(await pay("/after", await signPayment("10000")))).toBe("sold");
    expect(asked).toEqual([]);
  });

  test("is a route's own word, too", async () => {
    const { fate } = saying(unused);
    const routes = { "/dear": { price: "$0.01", verifyAbove: "$0" }, "/cheap": "$0.01" };
    const { pay } = openGate({ rpc: RPC, routes }, { fate });
    expect(reasonOf(await pay("/cheap", await signPayment("10000")))).toBe("sold");
    expect(reasonOf(await pay("/dear", await signPayment("10000")))).toBe("settlement_unknown");
  });
});
