import { setTimeout as pause } from "node:timers/promises";
import { afterEach, beforeEach, describe, expect, test, vi } from "vitest";
import { type Authorization, buildChain, type Fate } from "../../../src/chain/index.ts";
import { facilitatorBody } from "../../../src/facilitator/index.ts";
import { fateOf } from "../../../src/gateway/confirm.ts";
import { findOut } from "../../../src/gateway/index.ts";
import { buildTerms, checkPayment } from "../../../src/schemes/index.ts";
import { findNetwork, type PresentedPayment } from "../../../src/x402/index.ts";
import { NETWORK, PAY_TO, type Payment, signPayment, transactionOf, unixNow } from "../../support/payment.ts";
import { FACILITATOR, signPermit2Payment, signUptoPayment } from "../../support/permit2-payment.ts";
import {
  type Around,
  broken,
  GOODS,
  HASH,
  idOf,
  isSettled,
  isValid,
  openGate,
  paidWith,
  readErrors,
  reasonOf,
  rejected,
  TABLE,
} from "./gate.ts";

let payment: Payment;
beforeEach(async () => {
  payment = await signPayment("10000");
});

/** From when on an authorization has surely run out. */
const OVER_MS = 120_000;
const overMs = (): number => Number(payment.payload.authorization.validBefore) * 1000 + OVER_MS;
const SOON = 5_000;

const table = {
  maxUnsettledTotal: "$0.01",
  routes: { "/after": "$0.01", "/async": { price: "$0.01", settle: "async", maxUnsettled: "$1" } },
};

/** The answer of its first settlement gets lost. */
function losing(): Around["settle"] {
  let isLost = true;
  return (body) => {
    if (!isLost) return isSettled(body);
    isLost = false;
    return broken();
  };
}
const settles = ({ asked }: ReturnType<typeof openGate>): number => asked.filter((to) => to === "settle").length;

/** A payment whose settlement nobody answered for. */
async function unanswered(path: string, around: Partial<Around>, settle = losing()) {
  const gate = openGate(table, { settle, ...around });
  expect(reasonOf(await gate.pay(path, payment))).toBe(path === "/async" ? "served" : "settlement_unknown");
  expect(gate.entry(payment)).toBe(path === "/async" ? "unknown, delivered" : "unknown, none");
  return gate;
}

/** A payment that was claimed by an attempt that nobody heard of again. */
async function abandoned(around: Partial<Around> = {}) {
  let calls = 0;
  const upstream: Around["upstream"] = () => (++calls === 1 ? new Promise(() => undefined) : GOODS);
  const gate = openGate(table, { upstream, ...around });
  void gate.answer("/after", paidWith(payment));
  await expect.poll(() => gate.seen.length, { interval: 1 }).toBe(1);
  expect(gate.entry(payment)).toBe("claimed, none");
  return gate;
}

describe("without a chain to ask, a settlement that nobody answered for", () => {
  test("is asked for again, and is known as spent then", async () => {
    const gate = await unanswered("/after", {});
    await gate.alarm(SOON);
    expect(settles(gate)).toBe(2);
    expect(gate.entry(payment)).toBe("settled, undelivered");
    expect([...gate.kv]).toEqual([[idOf(payment), transactionOf(payment.payload.authorization.nonce)]]);
  });

  test("no longer counts against what all payers may owe, once it is known", async () => {
    const other = await signPayment("10000");
    const gate = await unanswered("/async", {});
    expect(reasonOf(await gate.pay("/async", other))).toBe("payment_refused");
    await gate.alarm(SOON);
    expect(gate.entry(payment)).toBe("settled, delivered");
    expect(reasonOf(await gate.pay("/async", other))).toBe("served");
  });

  test.each([
    ["is not answered again", broken],
    ["is rejected then, which proves nothing any more", rejected("insufficient_funds")],
  ])("stays unknown where it %s", async (_, later) => {
    let settle: Around["settle"] = broken;
    const gate = await unanswered("/after", {}, (...words) => settle(...words));
    settle = later;
    await gate.alarm(SOON);
    expect(settles(gate)).toBe(2);
    expect(gate.entry(payment)).toBe("unknown, none");
    expect(gate.reports).toEqual(["lost", "lost"]);
    expect(gate.kv.size).toBe(0);
  });

  test.each<[string, number, string, number]>([
    ["is asked for again until it has surely run out", -1, "settled, undelivered", 2],
    ["is left to the operator from then on", 0, "undetermined, none", 1],
  ])("%s", async (_, afterMs, state, count) => {
    const gate = await unanswered("/after", {});
    await gate.alarm(overMs() + afterMs - gate.clock.nowMs);
    expect(gate.entry(payment)).toBe(state);
    expect(settles(gate)).toBe(count);
  });
});

test("what was settled whole is settled when that is said again, whatever else is said of how much it was", async () => {
  const settle = losing();
  const gate = await unanswered("/after", {}, (body, url) => ({ ...settle(body, url), amount: "0.01" }));
  await gate.alarm(SOON);
  expect(gate.entry(payment)).toBe("settled, undelivered");
});

describe("without a chain to ask, an attempt that nobody heard of again", () => {
  test.each<[string, Around["verify"], string, number]>([
    ["may still be used", isValid, "postponed still_unused", 1],
    ["is called invalid", () => ({ isValid: false, invalidReason: "nonce_used" }), "postponed nonce_used", 1],
    // A connection that breaks is tried once more.
    ["is not answered for", broken, "postponed unavailable", 2],
  ])("is verified once more and never settled: its payment %s", async (_, later, report, times) => {
    let verify: Around["verify"] = isValid;
    const gate = await abandoned({ verify: (...words) => verify(...words) });
    verify = later;
    await gate.alarm(OVER_MS);
    expect(gate.asked).toEqual(["verify", ...Array(times).fill("verify")]);
    expect(gate.reports).toEqual([report]);
    expect(gate.entry(payment)).toBe("unknown, none");
  });
});

describe("what one facilitator may have settled", () => {
  const first = "https://first.example";
  const second = "https://second.example";
  const from = (url: string) => ({
    facilitators: [second],
    routes: { "/after": { price: "$0.01", facilitators: [url] } },
  });

  test("is asked of that one again, and of no other", async () => {
    const gate = openGate(from(first), { settle: losing() });
    expect(reasonOf(await gate.pay("/after", payment))).toBe("settlement_unknown");
    await gate.alarm(SOON);
    expect(gate.entry(payment)).toBe("settled, undelivered");
    expect(gate.urls).toEqual([`${first}/verify`, `${first}/settle`, `${first}/settle`]);
  });

  test.each<[string, () => Promise<ReturnType<typeof openGate>>, number]>([
    ["settled", () => unanswered("/after", {}), SOON],
    ["verified", abandoned, OVER_MS],
  ])("is not %s by another when the table names that one no more", async (_, open, laterMs) => {
    const { place } = await open();
    const gate = openGate(from(second), { before: place });
    await gate.alarm(laterMs);
    expect(gate.asked).toEqual([]);
    expect(gate.reports).toEqual(["postponed facilitator_gone"]);
    expect(gate.entry(payment)).toBe("unknown, none");
  });

  test("is not settled again with another body than the first time, where that is lost", async () => {
    const gate = await unanswered("/after", {}, broken);
    await gate.alarm(SOON);
    const [due] = gate.dues;
    if (!due) throw new Error("nothing was due");
    const before = gate.asked.length;
    await findOut(gate.gate, { ...due, settleBody: "" }, false);
    expect(gate.asked).toHaveLength(before);
  });
});

describe("with a chain to ask, a settlement that nobody answered for", () => {
  test.each<[string, () => Fate, string, string]>([
    [
      "that paid is settled",
      () => ({ kind: "paid", transaction: HASH, amount: "10000" }),
      "settled",
      "settled, undelivered",
    ],
    [
      "whose authorization was canceled has failed",
      () => ({ kind: "canceled" }),
      "failed authorization_canceled",
      "failed, none",
    ],
    [
      "whose authorization is unused stays unknown while it may be mined",
      () => ({ kind: "unused", chainTimeMs: overMs() - 1 }),
      "postponed unused",
      "unknown, none",
    ],
    [
      "whose authorization is unused has failed when it has surely run out",
      () => ({ kind: "unused", chainTimeMs: overMs() }),
      "failed authorization_expired",
      "failed, none",
    ],
    [
      "stays unknown while the chain does not answer",
      () => ({ kind: "unavailable", detail: "rpc_down" }),
      "postponed rpc_down",
      "unknown, none",
    ],
  ])("%s, and nobody settles it", async (_, fate, report, state) => {
    const gate = await unanswered("/after", { fate });
    await gate.alarm(SOON);
    expect(gate.reports).toEqual(["lost", report]);
    expect(gate.entry(payment)).toBe(state);
    expect(settles(gate)).toBe(1);
    expect([...gate.kv.values()]).toEqual(report === "settled" ? [HASH] : []);
  });

  test.each([
    ["as many blocks as its facilitator asks for", TABLE.facilitators, 3],
    ["the last one where the table names that one no more", ["https://other.example"], 1],
  ])("is looked for in %s", async (_, facilitators, confirmations) => {
    const looks: (number | undefined)[] = [];
    const fate: Around["fate"] = (_, blocks) => {
      looks.push(blocks);
      return { kind: "unused", chainTimeMs: overMs() - 1 };
    };
    const { place } = await unanswered("/after", { fate });
    const gate = openGate({ ...table, facilitators }, { fate, before: place });
    for (const one of gate.gate.facilitators.all) Object.assign(one, { confirmations: 3 });
    await gate.alarm(SOON);
    expect(looks).toEqual([confirmations]);
    expect(gate.reports).toEqual(["postponed unused"]);
  });

  const unused: Around["fate"] = () => ({ kind: "unused", chainTimeMs: 0 });

  test("is settled again while its buyer waits", async () => {
    const gate = await unanswered("/after", { fate: unused });
    expect(reasonOf(await gate.pay("/after", payment))).toBe("payment_settled");
    expect(settles(gate)).toBe(2);
  });

  test("is settled again where it was served already", async () => {
    const gate = await unanswered("/async", { fate: unused });
    await gate.alarm(SOON);
    expect(settles(gate)).toBe(2);
    expect(gate.entry(payment)).toBe("settled, delivered");
  });

  const down = (): Fate => ({ kind: "unavailable", detail: "down" });

  test("is settled again where it was served already, though nobody can look at the chain, until its time is over", async () => {
    const gate = await unanswered("/async", { fate: down });
    await gate.alarm(SOON);
    expect([settles(gate), gate.entry(payment)]).toEqual([2, "settled, delivered"]);
    payment = await signPayment("10000");
    const late = await unanswered("/async", { fate: down });
    late.clock.nowMs = Number(payment.payload.authorization.validBefore) * 1000;
    await late.alarm(SOON);
    expect([settles(late), late.entry(payment)]).toEqual([1, "unknown, delivered"]);
  });

  test("is not settled again where nobody was served and nobody can look at the chain", async () => {
    const gate = await unanswered("/after", { fate: down });
    await gate.alarm(SOON);
    expect(settles(gate)).toBe(1);
  });

  test("goes on counting against what all payers may owe where it was served and failed", async () => {
    const gate = await unanswered("/async", { fate: () => ({ kind: "canceled" }) });
    await gate.alarm(SOON);
    expect(gate.entry(payment)).toBe("failed, delivered");
    expect(reasonOf(await gate.pay("/async", await signPayment("10000")))).toBe("payment_refused");
  });

  test("is not begun where no settlement was, whoever waits", async () => {
    const gate = await abandoned({ fate: unused });
    gate.clock.nowMs += OVER_MS;
    expect(reasonOf(await gate.answer("/after", paidWith(payment)))).toBe("settlement_unknown");
    await gate.alarm(SOON);
    expect(settles(gate)).toBe(0);
  });
});

describe("with RPCs that are slow and right, a settlement that nobody answered for", () => {
  afterEach(() => vi.useRealTimers());

  async function secondsUntil(answered: Promise<unknown>): Promise<number> {
    let isAnswered = false;
    void answered.then(() => {
      isAnswered = true;
    });
    let seconds = 0;
    while (!isAnswered) {
      // What is hashed or signed meanwhile takes time of its own, and no second of it.
      await pause(5);
      if (vi.getTimerCount() === 0) continue;
      await vi.advanceTimersByTimeAsync(1_000);
      seconds++;
    }
    return seconds;
  }

  const HEAD = 10_000_000;
  const hex = (number: number): string => `0x${number.toString(16)}`;
  const word = (number: number): string => `0x${number.toString(16).padStart(64, "0")}`;
  const blockOf = (tag: string) => {
    const number = tag === "latest" ? HEAD : Number(tag);
    return { number: hex(number), timestamp: hex(unixNow() - 2 * (HEAD - number)) };
  };
  const answers: Record<string, (...params: string[]) => unknown> = {
    eth_chainId: () => "0x14a34",
    eth_getBlockByNumber: blockOf,
    eth_call: (_, at) => word(Number(at) > HEAD - 50 ? 1 : 0),
    eth_getLogs: () => [],
  };

  /** Two RPCs, each of which takes just less than it may for every answer. */
  function slowChain() {
    const is = { asked: 0 };
    const fetcher = {
      async fetch(_: string, { body }: RequestInit) {
        is.asked++;
        await new Promise((resolve) => setTimeout(resolve, 4_500));
        const calls = JSON.parse(String(body)) as { id: number; method: string; params: string[] }[];
        return Response.json(
          calls.map(({ id, method, params }) => ({ jsonrpc: "2.0", id, result: answers[method]?.(...params) ?? null })),
        );
      },
    };
    const urls = ["https://a.example", "https://b.example"];
    return { is, chain: buildChain({ urls, timeoutMs: 5_000 }, fetcher as unknown as Fetcher) };
  }

  test.each<[string, string, number, string]>([
    ["unknown to who comes again", "/after", 1, "unknown, none"],
    ["settled where it was served already, as without a chain", "/async", 2, "settled, delivered"],
  ])("is %s, in time, and nothing more is asked then", async (_, path, times, state) => {
    vi.useFakeTimers({ toFake: ["setTimeout", "clearTimeout"] });
    const { is, chain } = slowChain();
    const gate = await unanswered(path, { changes: { chain: () => chain } });
    gate.clock.nowMs += SOON;
    expect(await secondsUntil(gate.answer(path, paidWith(payment)))).toBeLessThan(20);
    expect([settles(gate), gate.entry(payment)]).toEqual([times, state]);
    const { asked } = is;
    await vi.advanceTimersByTimeAsync(120_000);
    expect(is.asked).toBe(asked);
    // Whoever looks later finds the book as it was.
    expect(gate.entry(payment)).toBe(state);
  });
});

describe("the chain is asked about a payment, in hand and from the book,", () => {
  const { token } = findNetwork(NETWORK) ?? expect.fail();
  const price = { network: NETWORK, token, amount: 10000n, payTo: PAY_TO, maxTimeoutSeconds: 300 };

  test.each([
    ["by upto with the account that alone may settle it", "upto", signUptoPayment, FACILITATOR],
    ["by exact as one that anybody may have settled", "exact", signPermit2Payment, null],
  ] as const)("%s", async (_, scheme, sign, facilitatorAddress) => {
    const asked: Authorization[] = [];
    const fate = (authorization: Authorization): Fate => {
      asked.push(authorization);
      return { kind: "unavailable", detail: "down" };
    };
    const { gate } = openGate(table, { fate });
    const terms = buildTerms({ ...price, scheme, assetTransferMethod: "permit2" }, false, "authorization");
    const presented = (await sign("10000")) as unknown as PresentedPayment;
    const check = checkPayment([terms ?? expect.fail()], presented, {
      url: "https://h/",
      advertised: {},
      sponsoring: [],
    });
    const judged = check.kind === "authentic" && check.judge({ unixSeconds: unixNow(), roomSeconds: 1 });
    const checked = (judged && judged.kind === "valid" && judged.payment) || expect.fail();
    await fateOf(gate, checked, { sinceMs: gate.nowMs(), transaction: null, confirmations: 1 });
    const { id, network, asset, payer, payTo, amount, validBeforeMs } = checked;
    const signed = { id, network, asset, payer, payTo, amount, validBeforeMs };
    const due = {
      ...signed,
      attempt: "a",
      courier: "a",
      route: "/a",
      charge: "10000",
      facilitator: "f",
      isOwed: false,
      settleBegan: true,
    };
    const settleBody = facilitatorBody(checked);
    const found = { ...due, settleBody, transaction: null, createdAtMs: gate.nowMs() };
    // No ledger has it.
    expect(await readErrors(() => findOut(gate, found, false))).toEqual(["not_recorded"]);
    const [inHand, fromBook] = asked;
    expect(inHand).toMatchObject({ assetTransferMethod: "permit2", amount: "10000", facilitatorAddress });
    expect(fromBook).toMatchObject({ assetTransferMethod: "permit2", amount: "10000", facilitatorAddress });
  });
});
