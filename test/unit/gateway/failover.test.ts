// Two facilitators: who is asked, who settles, and what the ledger holds of it.

import { describe, expect, test } from "vitest";
import type { Fate } from "../../../src/chain/index.ts";
import type { Outcome } from "../../../src/outcome/index.ts";
import { NETWORK, newAccount, type Payment, signPayment, transactionOf } from "../../support/payment.ts";
import { FACILITATOR, signUptoPayment } from "../../support/permit2-payment.ts";
import {
  type Around,
  broken,
  failing,
  GOODS,
  HASH,
  idOf,
  isSettled,
  isValid,
  keyed,
  openGate,
  paidWith,
  payerOf,
  reasonOf,
  rejected,
  textOf,
  upfront,
  WAYS,
} from "./gate.ts";

const ONE = "https://one.example";
const TWO = "https://two.example/x402";
const TABLE = { ...WAYS, facilitators: [ONE, TWO] };

/** The first one is away. */
const onlyTwo =
  (answer: (body: string) => object) =>
  (body: string, url: string): object =>
    url.startsWith(TWO) ? answer(body) : broken();

function open(around: Partial<Around> = {}) {
  const gate = openGate(TABLE, around);
  const settledAt = (): readonly string[] => gate.urls.filter((url) => url.endsWith("/settle"));
  const verifiedAt = (): readonly string[] => gate.urls.filter((url) => url.endsWith("/verify"));
  return { ...gate, settledAt, verifiedAt };
}

describe("a facilitator that settles again", () => {
  /** All that may be owed is. */
  const FULL = { attempt: "another", micros: 99_000_000n, untilMs: 1e15, microsMax: 100_000_000n };
  /** Behind three settlements that it did not answer, and a pause. @param settle as it does from then on */
  async function settlesAgain(table: object, settle: Around["settle"], around: Partial<Around> = {}) {
    const is = { away: false };
    const gate = openGate(table, {
      ...around,
      settle: (body, url) => (is.away && !url.startsWith(TWO) ? broken() : settle(body, url)),
    });
    const account = newAccount();
    expect(reasonOf(await gate.pay("/after?a", await signPayment("10000", {}, account), keyed()))).toBe("sold");
    is.away = true;
    for (let i = 0; i < 3; i++) await gate.pay("/after", await signPayment("10000"));
    is.away = false;
    gate.clock.nowMs += 2_000;
    return { ...gate, account };
  }

  test("is not kept from it by who never comes to be settled", async () => {
    const { pay, account } = await settlesAgain(WAYS, isSettled);
    // The key again, for another call: it is verified, and refused.
    expect(reasonOf(await pay("/after?b", await signPayment("10000", {}, account), keyed()))).toBe("key_reused");
    expect(reasonOf(await pay("/after", await signPayment("10000")))).toBe("sold");
  });

  const NOTHING = { status: 404 };
  const metered = { upto: "$0.05", meter: [{ usd: "1", per: "1K", of: "usage.units" }] };
  const upto = { x402Version: 2, scheme: "upto", network: NETWORK, extra: { facilitatorAddress: FACILITATOR } };
  const unused = (): Promise<Payment> => signUptoPayment("50000") as Promise<unknown> as Promise<Payment>;
  test.each<[string, string, () => Promise<Payment>]>([
    ["for what the API does not have", "/after/nothing", () => signPayment("10000")],
    ["for what the API does not have, which would be owed", "/async/nothing", () => signPayment("10000")],
    ["for what uses nothing", "/metered/unused", unused],
    ["for a stream that uses nothing", "/metered/stream", unused],
    ["for more than all may owe", "/dear", () => signPayment("90000000")],
  ])("is not kept from it by who pays %s", async (_, path, sign) => {
    const upstream: Around["upstream"] = ({ url }) => {
      if (url.endsWith("/nothing")) return NOTHING;
      if (url.endsWith("/unused")) return { ...GOODS, headers: {}, body: '{"usage":{"units":0}}' };
      const events = { "content-type": "text/event-stream" };
      return url.endsWith("/stream")
        ? { status: 200, headers: events, body: 'data: {"usage":{"units":0}}\n\n' }
        : GOODS;
    };
    const dear = { price: "$90", settle: "async", maxUnsettled: "$100" };
    const table = {
      ...WAYS,
      maxUnsettledTotal: "$100",
      routes: { ...WAYS.routes, "/metered": metered, "/dear": dear },
    };
    const supported = (): object => ({ kinds: [upto, { x402Version: 2, scheme: "exact", network: NETWORK }] });
    const gate = await settlesAgain(table, isSettled, { upstream, supported });
    await gate.ask("/metered");
    if (path === "/dear") await gate.gate.exposure.reserve({ ...FULL, nowMs: gate.clock.nowMs });
    const outcome = await gate.pay(path, await sign());
    if ("answer" in outcome && outcome.answer.body instanceof ReadableStream) await textOf(outcome);
    await gate.settled();
    expect(reasonOf(await gate.pay("/after", await signPayment("10000")))).toBe("sold");
  });

  test("is tried by nobody else while somebody does, whoever pays for nothing meanwhile", async () => {
    const found = Promise.withResolvers<void>();
    const hung: string[] = [];
    const is = { away: true };
    const upstream: Around["upstream"] = async ({ url }) => {
      if (!url.endsWith("/slow")) return GOODS;
      await found.promise;
      return NOTHING;
    };
    const settle: Around["settle"] = (body) => {
      if (is.away) return broken();
      hung.push(body);
      return new Promise<object>(() => undefined);
    };
    const { answer, clock, seen } = openGate(
      { ...WAYS, upstream: { url: "https://upstream.example/base", timeoutSeconds: 60 } },
      { upstream, settle },
    );
    const buy = async (path: string): Promise<Outcome> => answer(path, paidWith(await signPayment("10000")));
    // It begins while nothing is known to be wrong.
    const early = buy("/after/slow");
    await expect.poll(() => seen.length, { interval: 1 }).toBe(1);
    for (let i = 0; i < 3; i++) expect(reasonOf(await buy("/after"))).toBe("settlement_unknown");
    clock.nowMs += 2_000;
    is.away = false;
    void buy("/after");
    await expect.poll(() => hung.length, { interval: 1 }).toBe(1);
    found.resolve();
    expect(reasonOf(await early)).toBe("unsold");
    expect(reasonOf(await buy("/after"))).toBe("facilitator_unavailable");
    expect(hung).toHaveLength(1);
  });

  test.each([
    ["the others go to the next one", TABLE, ["sold", "sold", "sold"]],
    ["the others wait where there is none", WAYS, ["facilitator_unavailable", "facilitator_unavailable", "sold"]],
  ])("is tried with one payment at a time, and %s", async (_, table, reasons) => {
    const looked = Promise.withResolvers<void>();
    const verified = Promise.withResolvers<void>();
    const is = { tried: false, verified: 0 };
    const verify: Around["verify"] = async (body, url) => {
      // All of them are verified before the first one is settled.
      if (is.tried && !url.startsWith(TWO) && ++is.verified === 3) verified.resolve();
      if (is.tried) await verified.promise;
      return isValid(body);
    };
    const settle: Around["settle"] = async (body, url) => {
      if (is.tried && !url.startsWith(TWO)) await looked.promise;
      return isSettled(body);
    };
    const { answer, urls, settled } = await settlesAgain(table, settle, { verify });
    is.tried = true;
    const before = urls.length;
    const payments = await Promise.all(Array.from({ length: 3 }, () => signPayment("10000")));
    let answered = 0;
    const outcomes = payments.map((payment) => answer("/after", paidWith(payment)).finally(() => void answered++));
    await expect.poll(() => answered, { interval: 1 }).toBe(2);
    looked.resolve();
    expect((await Promise.all(outcomes)).map(reasonOf).sort()).toEqual(reasons);
    await settled();
    const atOne = urls.slice(before).filter((url) => url.endsWith("/settle") && !url.startsWith(TWO));
    expect(atOne).toHaveLength(1);
  });
});

describe("of two facilitators", () => {
  test.each(["/after", "/async"])(
    "the preferred one verifies and settles, and no other is asked (%s)",
    async (path) => {
      const { pay, verifiedAt, settledAt, reports } = open();
      expect(["sold", "served"]).toContain((await pay(path, await signPayment("10000"))).kind);
      expect([verifiedAt(), settledAt()]).toEqual([[`${ONE}/verify`], [`${ONE}/settle`]]);
      expect(reports).not.toContain("pinned");
    },
  );

  test.each(["/after", "/async"])("the next one verifies and settles while the first is away (%s)", async (path) => {
    const { pay, settledAt, reports, entry } = open({ verify: onlyTwo(isValid) });
    const payment = await signPayment("10000");
    expect(["sold", "served"]).toContain((await pay(path, payment)).kind);
    expect(settledAt()).toEqual([`${TWO}/settle`]);
    expect(reports[0]).toBe("pinned");
    expect(entry(payment)).toBe("settled, delivered");
  });

  test("the ledger holds who settles before anything can be settled", async () => {
    const held: unknown[] = [];
    const settle = (body: string): object => {
      held.push(facilitatorOf());
      return isSettled(body);
    };
    const { pay, place } = open({ verify: onlyTwo(isValid), settle });
    const payment = await signPayment("10000");
    const facilitatorOf = (): unknown =>
      place.ledger(`${NETWORK}|${payment.payload.authorization.from}`.toLowerCase()).entry(idOf(payment))?.facilitator;
    expect(reasonOf(await pay("/after", payment))).toBe("sold");
    expect(held).toEqual([TWO]);
  });

  test("nothing is settled where that could not be recorded, and the payment is as it was", async () => {
    let isAway = true;
    const { pay, settledAt, seen } = open({
      verify: onlyTwo(isValid),
      ledger: (_, events) => (isAway && events.includes("pinned") ? "away" : "answers"),
    });
    const payment = await signPayment("10000");
    expect(reasonOf(await pay("/after", payment))).toBe("ledger_unavailable");
    expect([settledAt(), seen]).toEqual([[], []]);
    isAway = false;
    expect(reasonOf(await pay("/after", payment))).toBe("sold");
  });

  test("what one may have settled is settled at no other, whoever answers later", async () => {
    const { pay, settledAt, alarm, entry } = open({ settle: onlyTwo(isSettled) });
    const payment = await signPayment("10000");
    expect(reasonOf(await pay("/after", payment))).toBe("settlement_unknown");
    await alarm(60_000);
    expect(entry(payment)).toBe("unknown, none");
    expect(new Set(settledAt())).toEqual(new Set([`${ONE}/settle`]));
  });

  test.each(["invalid_network", "unsupported_scheme"])(
    "the next one is asked where the first says what it cannot do itself (%s)",
    async (invalidReason) => {
      const verify: Around["verify"] = (body, url) =>
        url.startsWith(ONE) ? { isValid: false, invalidReason } : isValid(body);
      const { pay, settledAt } = open({ verify });
      expect(reasonOf(await pay("/after", await signPayment("10000")))).toBe("sold");
      expect(settledAt()).toEqual([`${TWO}/settle`]);
    },
  );

  test("a refusal of the first is its word, and the second is not asked for another", async () => {
    const invalid = (): object => ({ isValid: false, invalidReason: "insufficient_funds" });
    const { pay, verifiedAt } = open({ verify: invalid });
    expect(reasonOf(await pay("/after", await signPayment("10000")))).toBe("payment_refused");
    expect(verifiedAt()).toEqual([`${ONE}/verify`]);
  });

  test.each(["insufficient_funds", "invalid_exact_evm_insufficient_balance"])(
    "that a payer has become poor is doubted: the one that was silent may have sent the payment (%s)",
    async (reason) => {
      const payment = await signPayment("10000");
      const transaction = transactionOf(payment.payload.authorization.nonce);
      const { pay, entry, alarm } = open({
        verify: onlyTwo(isValid),
        settle: rejected(reason),
        fate: () => ({ kind: "paid", transaction, amount: "10000" }),
      });
      expect(reasonOf(await pay("/after", payment))).toBe("settlement_unknown");
      await alarm(60_000);
      expect(entry(payment)).toBe("settled, undelivered");
    },
  );

  test("that a payer has become poor is so where the chain shows the payment unused, and unknown where nobody can say", async () => {
    const poor = { verify: onlyTwo(isValid), settle: rejected("insufficient_funds") };
    const unused = (): Fate => ({ kind: "unused", chainTimeMs: Date.now() });
    for (const [fate, reason] of [
      [unused, "settlement_rejected"],
      [(): Fate => ({ kind: "unavailable", detail: "no RPC answered" }), "settlement_unknown"],
      [null, "settlement_unknown"],
    ] as const) {
      const { pay } = open({ ...poor, fate });
      expect(reasonOf(await pay("/after", await signPayment("10000")))).toBe(reason);
    }
    const { pay } = open({ ...poor, settle: rejected("invalid_payload"), fate: null });
    expect(reasonOf(await pay("/after", await signPayment("10000")))).toBe("settlement_rejected");
  });

  describe.each([
    ["away", 0],
    ["resting", 3],
  ])("the one that settles on this network is %s, and the other does not settle there:", (_, before) => {
    const stranger = { isValid: false, invalidReason: "invalid_network" };
    async function settledElsewhere(facilitators: readonly string[]) {
      const is = { away: false };
      const verify: Around["verify"] = (body, url) => {
        if (!url.startsWith(ONE)) return stranger;
        return is.away ? broken() : isValid(body);
      };
      const gate = openGate({ ...WAYS, facilitators }, { verify, upstream: failing(1) });
      const account = newAccount();
      const first = upfront(await signPayment("10000", {}, account));
      expect(reasonOf(await gate.pay("/before", first, keyed()))).toBe("paid_undelivered");
      is.away = true;
      for (let i = 0; i < before; i++) await gate.pay("/after", await signPayment("10000"));
      return { ...gate, account };
    }

    test.each([[[ONE, TWO]], [[TWO, ONE]]])(
      "a payment is not refused for what the other cannot do (%j)",
      async (of) => {
        const { pay } = await settledElsewhere(of);
        expect(reasonOf(await pay("/after", await signPayment("10000")))).toBe("facilitator_unavailable");
      },
    );

    test.each([[[ONE, TWO]], [[TWO, ONE]]])(
      "a buyer with a credit is not told that it is bound elsewhere (%j)",
      async (of) => {
        const { pay, account } = await settledElsewhere(of);
        const again = upfront(await signPayment("10000", {}, account));
        expect(reasonOf(await pay("/before", again, keyed()))).toBe("facilitator_unavailable");
      },
    );
  });

  test("a payment waits for the one that is tried again, where the other does not settle on its network", async () => {
    const is = { away: true };
    const looked = Promise.withResolvers<void>();
    const verify: Around["verify"] = (body, url) =>
      url.startsWith(ONE) ? isValid(body) : { isValid: false, invalidReason: "invalid_network" };
    const settle: Around["settle"] = async (body) => {
      if (is.away) return broken();
      await looked.promise;
      return isSettled(body);
    };
    const { pay, answer, asked, clock, settled } = open({ verify, settle });
    for (let i = 0; i < 3; i++) await pay("/after", await signPayment("10000"));
    is.away = false;
    clock.nowMs += 2_000;
    const payments = await Promise.all([signPayment("10000"), signPayment("10000")]);
    const verifies = asked.length + 2;
    const outcomes = payments.map((payment) => answer("/after", paidWith(payment)));
    await expect.poll(() => asked.length, { interval: 1 }).toBeGreaterThan(verifies);
    expect(reasonOf(await Promise.race(outcomes))).toBe("facilitator_unavailable");
    looked.resolve();
    expect((await Promise.all(outcomes)).map(reasonOf).sort()).toEqual(["facilitator_unavailable", "sold"]);
    await settled();
  });

  test("one that is in trouble itself has not judged the payment: the next one does", async () => {
    const troubled = (): object => ({ isValid: false, invalidReason: "unexpected_verify_error" });
    const { pay, settledAt } = open({ verify: (body, url) => (url.startsWith(ONE) ? troubled() : isValid(body)) });
    expect(reasonOf(await pay("/after", await signPayment("10000")))).toBe("sold");
    expect(settledAt()).toEqual([`${TWO}/settle`]);
    const alone = openGate(WAYS, { verify: troubled });
    expect(reasonOf(await alone.pay("/after", await signPayment("10000")))).toBe("facilitator_unavailable");
  });

  test("nobody is charged where none answers, and the payment can be used later", async () => {
    let isAway = true;
    const { pay, seen, entry } = open({ verify: (body) => (isAway ? broken() : isValid(body)) });
    const payment = await signPayment("10000");
    expect(reasonOf(await pay("/after", payment))).toBe("facilitator_unavailable");
    expect([seen, entry(payment)]).toEqual([[], "released, none"]);
    isAway = false;
    expect(reasonOf(await pay("/after", payment))).toBe("sold");
  });
});

describe("a facilitator that does not answer", () => {
  test("is not waited for any more after a few times, and is asked again after a pause", async () => {
    let isAway = true;
    const { pay, verifiedAt, urls, clock } = open({
      verify: (body, url) => (isAway ? onlyTwo(isValid)(body, url) : isValid(body)),
    });
    const askedOne = async (): Promise<number> => {
      urls.length = 0;
      expect(reasonOf(await pay("/after", await signPayment("10000")))).toBe("sold");
      return verifiedAt().filter((url) => url.startsWith(ONE)).length;
    };
    // Each asks twice.
    expect([await askedOne(), await askedOne(), await askedOne()]).toEqual([2, 2, 0]);
    clock.nowMs += 60_000;
    expect([await askedOne(), await askedOne()]).toEqual([2, 0]);
    isAway = false;
    clock.nowMs += 60_000;
    expect([await askedOne(), await askedOne()]).toEqual([1, 1]);
  });

  test("for a moment, with many calls under way, is asked again a moment later", async () => {
    let isAway = true;
    const verify = async (body: string): Promise<object> => {
      await new Promise((resolve) => setTimeout(resolve, 10));
      return isAway ? broken() : isValid(body);
    };
    const { pay, clock } = openGate(WAYS, { verify });
    const payments = await Promise.all(Array.from({ length: 12 }, () => signPayment("10000")));
    const outcomes = await Promise.all(payments.map((payment) => pay("/after", payment)));
    expect(new Set(outcomes.map(reasonOf))).toEqual(new Set(["facilitator_unavailable"]));
    isAway = false;
    clock.nowMs += 2_000;
    expect(reasonOf(await pay("/after", await signPayment("10000")))).toBe("sold");
  });

  test("when it settles is asked no more, whatever it verifies: the next one is", async () => {
    const { pay, settledAt, urls, clock } = open({ settle: onlyTwo(isSettled) });
    const outcomes = [];
    for (let i = 0; i < 5; i++) outcomes.push(reasonOf(await pay("/after", await signPayment("10000"))));
    expect(outcomes).toEqual([...Array(3).fill("settlement_unknown"), "sold", "sold"]);
    // One payment tries it after the pause; who comes meanwhile is settled by the next one.
    clock.nowMs += 1_000;
    urls.length = 0;
    const both = await Promise.all([signPayment("10000"), signPayment("10000")]);
    const kinds = await Promise.all(both.map(async (payment) => reasonOf(await pay("/after", payment))));
    expect(kinds.toSorted()).toEqual(["settlement_unknown", "sold"]);
    expect(settledAt().toSorted()).toEqual([`${ONE}/settle`, `${TWO}/settle`]);
  });

  test("is tried by who can settle: payments that are good for nothing keep nobody from it", async () => {
    let isAway = true;
    const poor = await signPayment("10000");
    const verify = (body: string): object =>
      payerOf(body) === poor.payload.authorization.from
        ? { isValid: false, invalidReason: "insufficient_funds" }
        : isValid(body);
    const { pay, clock } = openGate(WAYS, { verify, settle: (body) => (isAway ? broken() : isSettled(body)) });
    for (let i = 0; i < 3; i++) await pay("/after", await signPayment("10000"));
    expect(reasonOf(await pay("/after", await signPayment("10000")))).toBe("facilitator_unavailable");
    isAway = false;
    clock.nowMs += 2_000;
    expect(reasonOf(await pay("/after", poor))).toBe("payment_refused");
    expect(reasonOf(await pay("/after", await signPayment("10000")))).toBe("sold");
  });

  test("is asked on while it answers nonsense", async () => {
    const { pay, verifiedAt } = open({ verify: () => ({ nonsense: true }) });
    for (let i = 0; i < 4; i++) await pay("/after", await signPayment("10000"));
    expect(verifiedAt()).toHaveLength(8);
  });

  test.each([401, 404])("to who asks, or at this address, rests like one that is silent (%s)", async (status) => {
    const turnedAway = (): Response => Response.json({ error: "you" }, { status });
    const verify: Around["verify"] = (body, url) => (url.startsWith(ONE) ? turnedAway() : isValid(body));
    const { pay, verifiedAt } = open({ verify });
    for (let i = 0; i < 4; i++) expect(reasonOf(await pay("/after", await signPayment("10000")))).toBe("sold");
    expect(verifiedAt().filter((url) => url.startsWith(ONE))).toHaveLength(3);
  });

  test("to a text that a firewall does not like is asked on", async () => {
    const { pay, verifiedAt } = open({ verify: () => new Response("no", { status: 403 }) });
    for (let i = 0; i < 4; i++) await pay("/after", await signPayment("10000"));
    expect(verifiedAt()).toHaveLength(8);
  });

  test.each([401, 404])("about a payment has answered, whatever its status (%s)", async (status) => {
    const verify = (): Response => Response.json({ isValid: false, invalidReason: "insufficient_funds" }, { status });
    const { pay, verifiedAt } = open({ verify });
    for (let i = 0; i < 4; i++) await pay("/after", await signPayment("10000"));
    expect(verifiedAt()).toHaveLength(4);
  });

  test.each([429, 502, 503, 504, 522])("to what it verified rests like one that is silent (%s)", async (status) => {
    const settle: Around["settle"] = (body, url) =>
      url.startsWith(TWO) ? isSettled(body) : new Response("<html>bad gateway</html>", { status });
    const { pay, settledAt, gate } = open({ settle });
    const outcomes = [];
    for (let i = 0; i < 5; i++) outcomes.push(reasonOf(await pay("/after", await signPayment("10000"))));
    expect(outcomes).toEqual([...Array(3).fill("settlement_unknown"), "sold", "sold"]);
    expect(settledAt().filter((url) => url.startsWith(ONE))).toHaveLength(3);
    const why = `settle answered ${status}`;
    expect(gate.facilitators.all[0]?.breaker.health()).toEqual({ state: "open", failures: 3, why });
  });

  test.each([
    ["a word about the payment", 400, { success: false, errorReason: "transaction_failed", transaction: "" }],
    ["a word about the payment", 500, { success: false, errorReason: "unexpected_settle_error", transaction: "" }],
    ["a word about the payment", 503, { success: false, errorReason: "unexpected_settle_error", transaction: "" }],
    ["what it does not like", 400, { error: "no" }],
    ["what a firewall does not like", 403, { error: "no" }],
  ])("to what it verified is asked on for %s (%i)", async (_, status, body) => {
    const { pay, settledAt } = open({ settle: () => Response.json(body, { status }) });
    for (let i = 0; i < 5; i++) await pay("/after", await signPayment("10000"));
    expect(settledAt()).toEqual(Array(5).fill(`${ONE}/settle`));
  });

  test.each([429, 500, 503])("to what it is asked to verify is asked on (%i)", async (status) => {
    const { pay, verifiedAt } = open({ verify: () => new Response("later", { status }) });
    for (let i = 0; i < 4; i++) await pay("/after", await signPayment("10000"));
    expect(verifiedAt()).toHaveLength(8);
  });

  describe("about payments that nobody proved to be anybody's", () => {
    const wallet = newAccount();
    const changes = { admitUnproven: async (): Promise<boolean> => true };
    /** As a contract wallet signs: only the chain can tell, and that may take long. */
    async function unproven(): Promise<Payment> {
      const payment = await signPayment("10000", {}, wallet);
      return { ...payment, payload: { ...payment.payload, signature: `0x${"ab".repeat(66)}` } } as Payment;
    }
    const isTheirs = (body: string): boolean => payerOf(body) === wallet.address;

    test("is asked on by everybody else", async () => {
      const verify: Around["verify"] = (body) => (isTheirs(body) ? broken() : isValid(body));
      const { pay, gate } = openGate(WAYS, { verify, changes });
      for (let i = 0; i < 3; i++)
        expect(reasonOf(await pay("/after", await unproven()))).toBe("facilitator_unavailable");
      expect(gate.facilitators.all[0]?.breaker.health()).toEqual({ state: "closed", failures: 0 });
      expect(reasonOf(await pay("/after", await signPayment("10000")))).toBe("sold");
    });

    test("rests for what it does not answer about others, whatever it says to these", async () => {
      const verify: Around["verify"] = (body) => (isTheirs(body) ? isValid(body) : broken());
      const { pay, gate, clock } = openGate(WAYS, { verify, changes });
      for (let i = 0; i < 3; i++) await pay("/after", await signPayment("10000"));
      expect(gate.facilitators.all[0]?.breaker.health().state).toBe("open");
      expect(reasonOf(await pay("/after", await unproven()))).toBe("facilitator_unavailable");
      clock.nowMs += 2_000;
      expect(reasonOf(await pay("/after", await unproven()))).toBe("sold");
    });

    test("is tried after a pause by who is proved to pay, however many of these wait for it", async () => {
      const is = { away: true };
      const waiting: string[] = [];
      const verify: Around["verify"] = (body) => {
        if (is.away) return broken();
        if (!isTheirs(body)) return isValid(body);
        waiting.push(body);
        return new Promise<object>(() => undefined);
      };
      const { pay, answer, clock } = openGate(WAYS, { verify, changes });
      for (let i = 0; i < 3; i++) await pay("/after", await signPayment("10000"));
      is.away = false;
      clock.nowMs += 2_000;
      for (let i = 1; i <= 2; i++) {
        void answer("/after", paidWith(await unproven()));
        await expect.poll(() => waiting.length, { interval: 1 }).toBe(i);
      }
      const outcome = await answer("/after", paidWith(await signPayment("10000")));
      expect(reasonOf(outcome)).toBe("sold");
    });
  });

  test("settles nothing first while it rests: the next one does", async () => {
    const { pay, settledAt, urls } = open({ settle: onlyTwo(isSettled) });
    for (let i = 0; i < 3; i++) {
      expect(reasonOf(await pay("/before", upfront(await signPayment("10000"))))).toBe("settlement_unknown");
    }
    urls.length = 0;
    expect(reasonOf(await pay("/before", upfront(await signPayment("10000"))))).toBe("sold");
    expect(settledAt()).toEqual([`${TWO}/settle`]);
  });

  test("and no other to ask: what would settle first is not begun, and the payment is as it was", async () => {
    let isAway = true;
    const { pay, settledAt, seen, clock } = open({ settle: (body) => (isAway ? broken() : isSettled(body)) });
    for (let i = 0; i < 6; i++) await pay("/before", upfront(await signPayment("10000")));
    const begun = settledAt().length;
    const payment = upfront(await signPayment("10000"));
    expect(reasonOf(await pay("/before", payment))).toBe("facilitator_unavailable");
    expect([settledAt().length, seen]).toEqual([begun, []]);
    isAway = false;
    clock.nowMs += 60_000;
    expect(reasonOf(await pay("/before", payment))).toBe("sold");
  });
});

test("an attempt whose ledger takes its time to hear who settles does not outlast its lease: one execution is all", async () => {
  const upstream = { url: "https://upstream.example/base", timeoutSeconds: 30 };
  const settling = Promise.withResolvers<void>();
  let calls = 0;
  const gate = openGate(
    { ...TABLE, upstream, rpc: { "base-sepolia": "https://rpc.example" } },
    {
      verify(body, url) {
        gate.clock.nowMs += url.startsWith(ONE) ? 2_500 : 5_000;
        return onlyTwo(isValid)(body, url);
      },
      ledger(_, events) {
        if (!events.includes("pinned")) return "answers";
        gate.clock.nowMs += 9_500;
        return ++calls < 3 ? "lost" : "answers";
      },
      upstream() {
        gate.clock.nowMs += 29_000;
        return GOODS;
      },
      async settle(body) {
        gate.clock.nowMs += 15_000;
        await settling.promise;
        return isSettled(body);
      },
      fate: () => ({ kind: "paid", transaction: HASH, amount: "10000" }),
    },
  );
  const payment = await signPayment("10000");
  const first = gate.answer("/after", paidWith(payment, keyed()));
  await expect.poll(() => gate.asked.includes("settle")).toBe(true);
  expect(reasonOf(await gate.answer("/after", paidWith(payment, keyed())))).toBe("payment_in_flight");
  settling.resolve();
  expect(reasonOf(await first)).toBe("sold");
  await gate.settled();
  expect([gate.seen.length, gate.entry(payment)]).toEqual([1, "settled, delivered"]);
});

test("the only facilitator is asked on, whatever the settling of some payments makes it answer", async () => {
  const strange = newAccount();
  const settle: Around["settle"] = (body) =>
    payerOf(body) === strange.address ? Response.json({ error: "reverted" }, { status: 500 }) : isSettled(body);
  const { pay } = openGate(WAYS, { settle });
  for (let i = 0; i < 3; i++) {
    const outcome = await pay(`/after?${i}`, await signPayment("10000", {}, strange));
    expect(reasonOf(outcome)).toBe("settlement_unknown");
  }
  expect(reasonOf(await pay("/after", await signPayment("10000")))).toBe("sold");
});

test("a facilitator that rests for settling nothing is not brought back by settling nothing again", async () => {
  const settle: Around["settle"] = (body, url) =>
    url.startsWith(ONE) ? Response.json({ error: "no" }, { status: 503 }) : isSettled(body);
  const { gate, pay, settledAt, urls } = open({ settle });
  for (let i = 0; i < 3; i++) await pay("/after", await signPayment("10000"));
  // As an alarm does for the first payments, which it may have settled.
  const first = gate.facilitators.named(ONE) ?? expect.fail();
  await first.settleAgain("{}", { payer: "0x", network: NETWORK });
  expect([first.breaker.isAsked(), settledAt().length]).toEqual([false, 4]);
  urls.length = 0;
  expect(reasonOf(await pay("/after", await signPayment("10000")))).toBe("sold");
  expect(settledAt()).toEqual([`${TWO}/settle`]);
});

describe("a facilitator that two routes give different times", () => {
  const times = (settleTimeoutSeconds: number) => [{ url: ONE, settleTimeoutSeconds }];
  const table = {
    facilitators: times(60),
    routes: { "/slow": "$0.01", "/quick": { price: "$0.01", facilitators: times(1) } },
  };

  test("settles within the route's own, so that no attempt outlasts its lease", async () => {
    const gate = openGate(table);
    const asked = Promise.withResolvers<AbortSignal>();
    const { fetch } = globalThis;
    globalThis.fetch = async (url, init) => {
      if (String(url).endsWith("/settle")) asked.resolve(init?.signal as AbortSignal);
      return fetch(url, init);
    };
    expect(reasonOf(await gate.pay("/quick", await signPayment("10000")))).toBe("sold");
    const deadline = await asked.promise;
    await expect.poll(() => deadline.aborted).toBe(true);
  });

  test.each(["/slow", "/quick"])(
    "is not kept from settling again by who pays for what the API does not have (%s)",
    async (path) => {
      const is = { away: true };
      const settle: Around["settle"] = (body) => (is.away ? broken() : isSettled(body));
      const upstream: Around["upstream"] = ({ url }) => (url.endsWith("/nothing") ? { status: 404 } : GOODS);
      const { pay, clock } = openGate(table, { settle, upstream });
      for (let i = 0; i < 3; i++)
        expect(reasonOf(await pay(path, await signPayment("10000")))).toBe("settlement_unknown");
      is.away = false;
      clock.nowMs += 2_000;
      expect(reasonOf(await pay(`${path}/nothing`, await signPayment("10000")))).toBe("unsold");
      expect(reasonOf(await pay(path, await signPayment("10000")))).toBe("sold");
    },
  );

  test("is known to be silent where it was", async () => {
    const gate = openGate(table, { settle: broken });
    await gate.pay("/quick", await signPayment("10000"));
    const [slow, quick] = gate.gate.facilitators.all;
    expect([slow?.breaker.health().failures, quick?.breaker.health().failures]).toEqual([0, 1]);
  });
});

describe("what facilitators can do", () => {
  const kinds = (network: string): object => ({ kinds: [{ x402Version: 2, scheme: "exact", network }] });

  test("decides behind the first answer who is asked from then on", async () => {
    const supported = (_: string, url: string): object => kinds(url.startsWith(ONE) ? "eip155:1" : NETWORK);
    const { pay, verifiedAt, urls } = open({ supported });
    await pay("/after", await signPayment("10000"));
    expect(verifiedAt()).toEqual([`${ONE}/verify`]);
    expect(urls.filter((url) => url.endsWith("/supported")).toSorted()).toEqual([
      `${ONE}/supported`,
      `${TWO}/supported`,
    ]);
    urls.length = 0;
    await pay("/after", await signPayment("10000"));
    expect(urls).toEqual([`${TWO}/verify`, `${TWO}/settle`]);
  });

  test("is no reason to ask nobody", async () => {
    const { pay, settledAt, urls } = open({ supported: () => kinds("eip155:1") });
    await pay("/after", await signPayment("10000"));
    urls.length = 0;
    expect(reasonOf(await pay("/after", await signPayment("10000")))).toBe("sold");
    expect(settledAt()).toEqual([`${ONE}/settle`]);
  });

  test("is not waited for: a payment is sold while nobody says it", async () => {
    const { answer } = open({ supported: () => new Promise(() => undefined) });
    const payment = await signPayment("10000");
    expect(reasonOf(await answer("/after", paidWith(payment)))).toBe("sold");
  });
});

describe("the line of a request says which facilitators verified nothing, and why", () => {
  const unauthorized = (): Response => new Response("", { status: 401 });

  test("where none did", async () => {
    const { pay, lines } = open({ verify: (_, url) => (url.startsWith(ONE) ? unauthorized() : broken()) });
    const told = [];
    for (let i = 0; i < 4; i++) {
      await pay("/after", await signPayment("10000"));
      told.push(lines.at(-1)?.unavailable);
    }
    const two = { name: "two.example", why: "verify was not answered" };
    const one = { name: "one.example", why: "verify answered 401 without isValid" };
    expect(told.slice(0, 2)).toEqual([
      [one, two],
      [one, two],
    ]);
    expect(told[3]).toEqual([
      { name: "one.example", why: "rests: verify answered 401" },
      { name: "two.example", why: "rests: verify was not answered" },
    ]);
  });

  test("where another one did, which nobody would see otherwise", async () => {
    const { pay, lines } = open({ verify: (body, url) => (url.startsWith(ONE) ? unauthorized() : isValid(body)) });
    expect(reasonOf(await pay("/after", await signPayment("10000")))).toBe("sold");
    const why = "verify answered 401 without isValid";
    expect(lines.at(-1)?.unavailable).toEqual([{ name: "one.example", why }]);
  });

  test("and nothing where the first one did", async () => {
    const { pay, lines } = open();
    await pay("/after", await signPayment("10000"));
    expect(lines.at(-1)?.unavailable).toEqual([]);
  });
});

describe("the health of the gate", () => {
  const healthOf = (outcome: Outcome): unknown => (outcome.kind === "told" ? outcome.json : outcome);

  test("names each facilitator by its host, and whether it is asked", async () => {
    const { ask, pay, clock } = open({ verify: onlyTwo(isValid) });
    const two = { name: "two.example", state: "closed", failures: 0 };
    const told = (state: string, failures: number): object => ({
      status: state === "closed" ? "ok" : "degraded",
      facilitators: [
        { name: "one.example", state, failures, ...(failures > 0 && { why: "verify was not answered" }) },
        two,
      ],
    });
    expect(healthOf(await ask("/.faregate/health"))).toEqual(told("closed", 0));
    for (let i = 0; i < 2; i++) await pay("/after", await signPayment("10000"));
    expect(healthOf(await ask("/.faregate/health"))).toEqual(told("open", 3));
    clock.nowMs += 60_000;
    expect(healthOf(await ask("/.faregate/health"))).toEqual(told("half_open", 3));
  });

  const onlySecond =
    (answer: () => unknown) =>
    (body: string, url: string): object =>
      url.startsWith(TWO) ? isValid(body) : (answer() as object);

  test.each<[string, () => unknown, object]>([
    ["turns the gate away", () => new Response("", { status: 401 }), { state: "open", why: "verify answered 401" }],
    ["is not there", () => new Response("", { status: 404 }), { state: "open", why: "verify answered 404" }],
    [
      "is kept by a firewall",
      () => new Response("", { status: 403 }),
      { state: "failing", why: "verify answered 403" },
    ],
    ["talks nonsense", () => ({ isValid: "yes" }), { state: "failing", why: "verify answered 200" }],
  ])("says so of a facilitator that %s, until it answers", async (_, answer, told) => {
    let isWell = false;
    const verify: Around["verify"] = (body, url) => (isWell ? isValid(body) : onlySecond(answer)(body, url));
    const { ask, pay, clock } = open({ verify });
    for (let i = 0; i < 3; i++) expect(reasonOf(await pay("/after", await signPayment("10000")))).toBe("sold");
    const two = { name: "two.example", state: "closed", failures: 0 };
    expect(healthOf(await ask("/.faregate/health"))).toEqual({
      status: "degraded",
      facilitators: [{ name: "one.example", failures: 3, ...told }, two],
    });
    isWell = true;
    clock.nowMs += 60_000;
    await pay("/after", await signPayment("10000"));
    expect(healthOf(await ask("/.faregate/health"))).toMatchObject({ status: "ok" });
  });

  test("tells apart two of one host, and says no more of their URLs", async () => {
    const facilitators = ["https://one.example/secret-a", "https://one.example/secret-b", TWO];
    const { ask } = openGate({ ...WAYS, facilitators });
    const told = healthOf(await ask("/.faregate/health")) as { facilitators: { name: string }[] };
    expect(told.facilitators.map(({ name }) => name)).toEqual(["one.example #1", "one.example #2", "two.example"]);
  });

  describe("where buyers sign for an account of the facilitator's", () => {
    const price = { upto: "$0.05", meter: [{ usd: "1", per: "1K", of: "usage.units" }] };
    const fixed = { name: "two.example", state: "closed", failures: 0 };
    const metered = { name: "one.example", state: "closed", failures: 0 };
    const routes = { "/a": { price: "$1", facilitators: [TWO] }, "/m": { price, facilitators: [ONE] } };
    const settler = (): object => ({
      kinds: [{ x402Version: 2, scheme: "upto", network: NETWORK, extra: { facilitatorAddress: FACILITATOR } }],
    });

    test("says which one was not heard of yet, and that something cannot be sold without it, until it is", async () => {
      let said = broken as () => object;
      const { ask, clock } = openGate({ facilitators: [TWO], routes }, { supported: () => said() });
      const unsold = { status: "degraded", facilitators: [fixed, { ...metered, heard: false }] };
      expect(healthOf(await ask("/.faregate/health"))).toEqual(unsold);
      said = settler;
      clock.nowMs += 5_000;
      // It is asked behind this answer.
      expect(healthOf(await ask("/.faregate/health"))).toEqual(unsold);
      expect(healthOf(await ask("/.faregate/health"))).toEqual({ status: "ok", facilitators: [fixed, metered] });
      expect(reasonOf(await ask("/m"))).toBe("payment_required");
    });

    test("looks up each one that was not heard of, and none that nothing hangs on", async () => {
      const other = { price, facilitators: ["https://three.example"] };
      const { ask, urls } = openGate({ facilitators: [TWO], routes: { ...routes, "/n": other } });
      await ask("/.faregate/health");
      expect(urls).toEqual([`${ONE}/supported`, "https://three.example/supported"]);
    });

    test("knows in an isolate that has heard of nobody what others have heard", async () => {
      const { ask, place } = openGate({ facilitators: [TWO], routes }, { supported: settler });
      await ask("/m");
      const { ask: askElsewhere, asked } = openGate(
        { facilitators: [TWO], routes },
        { supported: settler, before: place },
      );
      expect(healthOf(await askElsewhere("/.faregate/health"))).toMatchObject({ status: "ok" });
      expect(asked).toEqual([]);
    });

    test("is well where the table says for whom they sign, and says that it was not heard of yet", async () => {
      const facilitators = [{ url: ONE, facilitatorAddress: FACILITATOR }];
      const { ask } = openGate({ facilitators, routes: { "/m": { price } } }, { supported: broken });
      const told = { status: "ok", facilitators: [{ ...metered, heard: false }] };
      expect(healthOf(await ask("/.faregate/health"))).toEqual(told);
    });

    test("is not well where the one that was heard of names nobody", async () => {
      const { ask } = openGate(
        { facilitators: [ONE], routes: { "/m": { price } } },
        { supported: () => ({ kinds: [] }) },
      );
      await ask("/m");
      const told = { status: "degraded", facilitators: [metered] };
      expect(healthOf(await ask("/.faregate/health"))).toEqual(told);
    });
  });

  test("is at one place, and is only read", async () => {
    const { ask } = open();
    expect(reasonOf(await ask("/.faregate/health/x"))).toBe("not_found");
    expect(reasonOf(await ask("/.faregate/health", { method: "POST" }))).toBe("method_not_allowed");
  });
});
