import { beforeEach, describe, expect, onTestFinished, test, vi } from "vitest";
import type { Fate } from "../../../src/chain/index.ts";
import { ASSET, NETWORK, newAccount, type Payment, signPayment, transactionOf } from "../../support/payment.ts";
import { signPermit2Payment } from "../../support/permit2-payment.ts";
import {
  type Around,
  asksUpfront,
  broken,
  codeOf,
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
  readErrors,
  reasonOf,
  rejected,
  upfront,
  WAYS,
} from "./gate.ts";

const account = newAccount();
const sign = (): Promise<Payment> => signPayment("10000", {}, account);
let payment: Payment;
beforeEach(async () => {
  payment = await sign();
});

const table = { ...WAYS, routes: { ...WAYS.routes, "/wallets": { price: "$0.01", contractWallets: true } } };
const invalid = (invalidReason: string) => (): object => ({ isValid: false, invalidReason });

describe("a payment that KV knows as spent", () => {
  const spent = { reason: "payment_settled", transaction: HASH, isCredit: false };

  test("is refused before anything is executed, and its claim is given back", async () => {
    const { pay, kv, seen, reports, entry } = openGate();
    kv.set(idOf(payment), HASH);
    expect(await pay("/paid", payment)).toEqual({ kind: "refused", problem: spent });
    expect(seen).toEqual([]);
    expect(reports).toEqual(["release"]);
    expect(entry(payment)).toBe("released, none");
    kv.clear();
    expect(reasonOf(await pay("/paid", payment))).toBe("sold");
  });

  test("is given back by nobody where the ledger knows it too", async () => {
    const earlier = openGate();
    expect(reasonOf(await earlier.pay("/paid", payment))).toBe("sold");
    const { pay, reports, entry } = openGate({}, { before: earlier.place });
    expect(reasonOf(await pay("/paid", payment))).toBe("payment_settled");
    expect(reports).toEqual([]);
    expect(entry(payment)).toBe("settled, delivered");
  });

  test("is the ledger's to judge where a key comes with it that proves the purchase", async () => {
    const { pay, kv } = openGate();
    kv.set(idOf(payment), HASH);
    expect(reasonOf(await pay("/paid", payment, keyed()))).toBe("sold");
  });

  test("does not count against what all payers may owe", async () => {
    const { pay, kv } = openGate(table);
    kv.set(idOf(payment), HASH);
    expect(reasonOf(await pay("/async", payment))).toBe("payment_settled");
    expect(reasonOf(await pay("/async", await sign()))).toBe("served");
  });
});

describe("a payment that the facilitator does not vouch for", () => {
  const routes = ["/after", "/async"];

  test.each(routes)("is refused at %s with its reason, and claims and reserves nothing for good", async (path) => {
    let verify: Around["verify"] = invalid("insufficient_funds");
    const { pay, seen, entry, asked } = openGate(table, { verify: (...words) => verify(...words) });
    const outcome = await pay(path, payment);
    expect([reasonOf(outcome), codeOf(outcome)]).toEqual(["payment_refused", "insufficient_funds"]);
    expect(asksUpfront(outcome)).toBe(false);
    expect(seen).toEqual([]);
    expect(asked).toEqual(["verify"]);
    expect(entry(payment)).toBe("released, none");
    verify = isValid;
    expect(["sold", "served"]).toContain(reasonOf(await pay(path, await sign())));
  });

  test("for want of an allowance is refused with the word for that alone, which has a status of its own", async () => {
    const { pay, seen, entry } = openGate(table, { verify: invalid("permit2_allowance_required") });
    const outcome = await pay("/after", payment);
    expect([reasonOf(outcome), asksUpfront(outcome)]).toEqual(["permit2_allowance_required", false]);
    expect(seen).toEqual([]);
    expect(entry(payment)).toBe("released, none");
  });

  test.each(routes)("because it is away is refused at %s without a challenge", async (path) => {
    const { pay, seen, entry } = openGate(table, { verify: broken });
    const outcome = await pay(path, payment);
    expect([reasonOf(outcome), asksUpfront(outcome)]).toEqual(["facilitator_unavailable", null]);
    expect(seen).toEqual([]);
    expect(entry(payment)).toBe("released, none");
  });

  test("is claimed meanwhile: the ledger is asked while the facilitator looks at it", async () => {
    const claimed: boolean[] = [];
    const verify = async (body: string): Promise<object> => {
      await new Promise((resolve) => setTimeout(resolve, 10));
      claimed.push(gate.calls.includes("claim"));
      return isValid(body);
    };
    const gate = openGate(table, { verify });
    expect(reasonOf(await gate.pay("/after", payment))).toBe("sold");
    expect(claimed).toEqual([true]);
  });
});

describe("a payment that is settled before it is served", () => {
  const accepts = [{ network: "base-sepolia", assetTransferMethod: "permit2" }];
  const permitted = { routes: { "/before": { price: "$0.01", settle: "before", accepts } } };
  const byPermit2 = async () => upfront((await signPermit2Payment("10000", {}, account)) as unknown as Payment);

  test("is verified first: its settling does not tell an authorization that paid elsewhere", async () => {
    const used = "invalid_exact_evm_nonce_already_used";
    const fate: Around["fate"] = () => ({ kind: "paid", transaction: HASH, amount: "10000" });
    const gate = openGate(table, { verify: invalid(used), settle: rejected(used), fate });
    for (let i = 0; i < 2; i++) {
      expect(codeOf(await gate.pay("/before", upfront(payment), keyed()))).toBe(used);
    }
    expect([gate.asked, gate.seen, gate.entry(payment)]).toEqual([["verify", "verify"], [], "released, none"]);
  });

  test.each<[string, object, () => Promise<Payment>]>([
    ["EIP-3009", table, async () => upfront(payment)],
    ["Permit2", permitted, byPermit2],
  ])("is verified and then settled where %s moves the token", async (_, priced, present) => {
    const { pay, asked, seen } = openGate(priced);
    expect(reasonOf(await pay("/before", await present()))).toBe("sold");
    const questions = asked.filter((question) => question !== "supported");
    expect([questions, seen.length]).toEqual([["verify", "settle"], 1]);
  });

  test("is refused without an attempt to settle it where an allowance is missing", async () => {
    const { pay, asked, seen, reports } = openGate(permitted, { verify: invalid("permit2_allowance_required") });
    const outcome = await pay("/before", await byPermit2());
    expect([reasonOf(outcome), asksUpfront(outcome)]).toEqual(["permit2_allowance_required", true]);
    expect([asked, seen, reports]).toEqual([["supported", "verify"], [], ["release"]]);
  });
});

describe("a signature that only the facilitator can judge", () => {
  const contract = (): Payment => ({ ...payment, payload: { ...payment.payload, signature: `0x${"12".repeat(70)}` } });
  const admitUnproven = async (): Promise<boolean> => true;

  test.each<[string, Around["verify"], string, string | null]>([
    ["is called invalid", invalid("invalid_signature"), "payment_refused", "invalid_signature"],
    ["has let nobody move the token", invalid("permit2_allowance_required"), "permit2_allowance_required", null],
    ["is not judged", broken, "facilitator_unavailable", null],
  ])("claims nothing where it %s", async (_, verify, reason, code) => {
    const { pay, seen, calls, entry } = openGate(table, { verify, changes: { admitUnproven } });
    const outcome = await pay("/wallets", contract());
    expect([reasonOf(outcome), codeOf(outcome)]).toEqual([reason, code]);
    expect(seen).toEqual([]);
    expect(calls).not.toContain("claim");
    expect(entry(payment)).toBeNull();
  });

  test("is judged before it is claimed, and told what became of it where it was used", async () => {
    let verify: Around["verify"] = isValid;
    const earlier = openGate(table, { changes: { admitUnproven } });
    expect(reasonOf(await earlier.pay("/wallets", contract()))).toBe("sold");
    verify = invalid("nonce_used");
    // Another isolate: its own list of what is spent is empty.
    const { pay, kv } = openGate(table, {
      verify: (...words) => verify(...words),
      changes: { admitUnproven },
      before: earlier.place,
    });
    kv.clear();
    expect(reasonOf(await pay("/wallets", contract()))).toBe("payment_settled");
  });
});

describe("a ledger", () => {
  test.each<[string, "away" | "lost", string | null, readonly string[]]>([
    ["that is away", "away", null, ["not_recorded"]],
    ["that grants the claim, and is not heard,", "lost", "released, none", []],
  ])("%s serves nothing and keeps nothing", async (_, reach, state, told) => {
    const { pay, seen, asked, entry } = openGate({}, { ledger: (method) => (method === "claim" ? reach : "answers") });
    const errors = await readErrors(async () => {
      expect(reasonOf(await pay("/paid", payment))).toBe("ledger_unavailable");
    });
    expect(errors).toEqual(told);
    expect(seen).toEqual([]);
    expect(asked).toEqual(["verify"]);
    expect(entry(payment)).toBe(state);
  });
});

test("a claim whose answer was lost is given back also where the one before it was not the last word", async () => {
  let claims = 0;
  const gate = openGate(
    {},
    {
      settle: () => ({}),
      fate: ({ validBeforeMs }) => ({ kind: "unused", chainTimeMs: validBeforeMs + 120_000 }),
      // Of the second payment: that the first one is unresolved, and what came of that is not heard.
      ledger: (method) => (method === "claim" && ++claims > 2 ? "lost" : "answers"),
    },
  );
  expect(reasonOf(await gate.pay("/paid", payment))).toBe("settlement_unknown");
  gate.clock.nowMs += 5_000;
  const second = await sign();
  expect(reasonOf(await gate.pay("/paid", second))).toBe("settlement_unknown");
  await gate.settled();
  expect(gate.entry(second)).toBe("released, none");
});

describe("a payer who sees to it that no payment settles", () => {
  const capped = { maxUncharged: 3, routes: { "/after": "$0.01" } };

  test.each<[string, Around["settle"]]>([
    ["with an empty wallet", rejected("insufficient_funds")],
    ["with authorizations that are canceled between verify and settle", rejected("invalid_transaction_state")],
  ])("makes the API work in vain no more often than maxUncharged says: %s", async (_, settle) => {
    const gate = openGate(capped, { settle, fate: () => ({ kind: "canceled" }) });
    let last = "";
    for (let i = 0; i < 6; i++) {
      last = reasonOf(await gate.pay(`/after?call=${i}`, await sign()));
      // The alarm finds out that it was canceled.
      await gate.alarm(3_000);
    }
    expect([last, gate.seen.length]).toEqual(["payer_over_cap", 3]);
  });

  test("is counted also where an allowance was taken back, and the payment runs out unused", async () => {
    const gate = openGate(
      { ...capped, accepts: [{ network: "base-sepolia", assetTransferMethod: "permit2" }] },
      {
        settle: rejected("permit2_allowance_required"),
        fate: () => ({ kind: "unused", chainTimeMs: gate.clock.nowMs }),
      },
    );
    let last = "";
    for (let i = 0; i < 4; i++) {
      const deadline = String(Math.floor(gate.clock.nowMs / 1000) + 300);
      const signed = await signPermit2Payment("10000", { deadline }, account);
      last = reasonOf(await gate.pay(`/after?call=${i}`, signed as unknown as Payment));
      await gate.alarm(430_000);
    }
    expect([last, gate.seen.length]).toEqual(["payer_over_cap", 3]);
  });
});

test("what is served before it is settled goes out as far as the payer's wallet goes", async () => {
  const wallets: object[] = [];
  let isEnough = false;
  const { pay, seen, entry } = openGate(
    { ...table, maxUnsettledTotal: "$1" },
    {
      settle: broken,
      fate: () => ({ kind: "unavailable", detail: "no RPC answered" }),
      covers: async (wallet) => {
        wallets.push(wallet);
        return isEnough;
      },
    },
  );
  const buy = async () => pay("/async", await signPayment("10000", {}, account));
  expect([reasonOf(await buy()), wallets]).toEqual(["served", []]);
  const second = await signPayment("10000", {}, account);
  expect(await pay("/async", second)).toMatchObject({ problem: { reason: "payer_over_cap", cap: "funds" } });
  expect([entry(second), seen.length]).toEqual(["uncharged, none", 2]);
  expect(wallets).toMatchObject([{ network: NETWORK, asset: ASSET, payer: account.address, spender: null }]);
  isEnough = true;
  expect(reasonOf(await buy())).toBe("served");
});

describe("what all payers together may owe", () => {
  const settle = (): object => ({ success: false, errorReason: "insufficient_funds", transaction: "" });

  test("stops the call that would be beyond it, which may be paid for upfront", async () => {
    const { pay, seen, entry } = openGate(table, { settle });
    expect(reasonOf(await pay("/async", await signPayment("10000")))).toBe("served");
    const outcome = await pay("/async", payment);
    expect([codeOf(outcome), asksUpfront(outcome)]).toEqual(["gate_over_cap", true]);
    expect(seen).toHaveLength(1);
    expect(entry(payment)).toBe("released, none");
  });

  test("has what was served and never paid in it for an hour more: payers who sign for little time take no turns", async () => {
    const fate = (): Fate => ({ kind: "unused", chainTimeMs: gate.clock.nowMs });
    const gate = openGate(table, { settle, fate });
    const soon = (): string => String(Math.floor(gate.clock.nowMs / 1000) + 90);
    const buy = async () => gate.pay("/async", await signPayment("10000", { validBefore: soon() }));
    expect(reasonOf(await buy())).toBe("served");
    for (const ms of [91_000, 3_500_000]) {
      await gate.alarm(ms);
      expect(codeOf(await buy())).toBe("gate_over_cap");
    }
    await gate.alarm(100_000);
    expect(reasonOf(await buy())).toBe("served");
  });

  test("has nothing in it of what was never served, once that is known", async () => {
    let calls = 0;
    const upstream: Around["upstream"] = () => (++calls === 1 ? new Promise(() => undefined) : GOODS);
    const gate = openGate(table, {
      upstream,
      fate: () => ({ kind: "unused", chainTimeMs: gate.clock.nowMs }),
    });
    // Nobody hears of its attempt again.
    void gate.answer("/async", paidWith(payment));
    await expect.poll(() => calls, { interval: 1 }).toBe(1);
    for (const ms of [310_000, 200_000, 200_000]) await gate.alarm(ms);
    expect(gate.entry(payment)).toBe("failed, none");
    const validBefore = String(Math.floor(gate.clock.nowMs / 1000) + 300);
    const later = await signPayment("10000", { validBefore });
    expect(reasonOf(await gate.answer("/async", paidWith(later)))).toBe("served");
  });

  test("is not held by wallets with nothing in them, for however long they are verified, nor asked about them", async () => {
    const looked = Promise.withResolvers<void>();
    const verify: Around["verify"] = async (body) => {
      if (payerOf(body) === account.address) return isValid(body);
      await looked.promise;
      return invalid("insufficient_funds")();
    };
    const { answer, pay, asked, calls, settled } = openGate(table, { verify });
    const strangers = [await signPayment("10000"), await signPayment("10000")];
    const waiting = strangers.map((stranger) => answer("/async", paidWith(stranger)));
    await expect.poll(() => asked.length, { interval: 1 }).toBe(2);
    expect(reasonOf(await answer("/async", paidWith(payment)))).toBe("served");
    looked.resolve();
    expect((await Promise.all(waiting)).map(codeOf)).toEqual(["insufficient_funds", "insufficient_funds"]);
    await settled();
    expect(calls.filter((call) => call === "reserve" || call === "free")).toEqual(["reserve", "free"]);
    expect(reasonOf(await pay("/async", await sign()))).toBe("served");
  });

  test.each<[string, boolean, Around["ledger"], string]>([
    ["that there was none for it", false, () => "answers", "payment_refused"],
    [
      "and no book holds who settles it",
      true,
      (_, events) => (events.includes("pinned") ? "away" : "answers"),
      "ledger_unavailable",
    ],
  ])("is given back once it is known %s, and never sooner", async (_, hasRoom, ledger, reason) => {
    const told: string[] = [];
    const exposure = {
      async reserve() {
        await new Promise((resolve) => setTimeout(resolve, 10));
        told.push("reserved");
        return hasRoom;
      },
      free: async () => void told.push("freed"),
    };
    const facilitators = ["https://one.example", "https://two.example"];
    const verify: Around["verify"] = (body, url) => (url.startsWith("https://one.") ? broken() : isValid(body));
    const gate = openGate({ ...table, facilitators }, { verify, ledger, changes: { exposure } });
    await readErrors(async () => expect(reasonOf(await gate.pay("/async", payment))).toBe(reason));
    expect([told, gate.seen, gate.entry(payment)]).toEqual([["reserved", "freed"], [], "released, none"]);
  });

  test("is asked of nobody who pays before the answer goes out, nor freed for them", async () => {
    let verify: Around["verify"] = isValid;
    const { pay, calls } = openGate(table, { verify: (...words) => verify(...words) });
    for (const path of ["/after", "/before"]) {
      const one = await signPayment("10000");
      expect(reasonOf(await pay(path, path === "/before" ? upfront(one) : one))).toBe("sold");
    }
    verify = invalid("insufficient_funds");
    expect(reasonOf(await pay("/after", payment))).toBe("payment_refused");
    expect(calls.filter((call) => call === "reserve" || call === "free")).toEqual([]);
  });
});

describe("a new payment of a payer whose last one was not delivered", () => {
  type Gate = ReturnType<typeof openGate>;
  let verify: Around["verify"];
  let fate: Around["fate"];
  beforeEach(() => {
    verify = isValid;
    fate = null;
  });
  const settled = ({ asked }: Gate): number => asked.filter((question) => question === "settle").length;

  /** Paid upfront, and the API failed once. */
  async function upfrontCredit(hasChain = false) {
    const chain = { fate: (...of: Parameters<NonNullable<Around["fate"]>>) => fate?.(...of) as Fate };
    const around = {
      upstream: failing(1),
      verify: (...words: readonly [string, string]) => verify(...words),
      ...(hasChain && chain),
    };
    const gate = openGate(table, around);
    expect(reasonOf(await gate.pay("/before", upfront(payment)))).toBe("paid_undelivered");
    gate.asked.length = 0;
    const next = upfront(await sign());
    return { ...gate, next };
  }

  test("is not charged: the last one is delivered", async () => {
    const gate = await upfrontCredit();
    const outcome = await gate.pay("/before", gate.next);
    expect(outcome).toMatchObject({
      kind: "redelivered",
      receipt: { success: true, transaction: transactionOf(payment.payload.authorization.nonce) },
    });
    expect(gate.asked).toEqual(["verify"]);
    expect(gate.entry(payment)).toBe("settled, redeemed");
    expect(gate.entry(gate.next)).toBeNull();
  });

  test("is not charged where the answer was kept, and the API is not asked again", async () => {
    let isLost = true;
    const settle: Around["settle"] = (body) => {
      if (!isLost) return isSettled(body);
      isLost = false;
      return broken();
    };
    const gate = openGate(table, { settle });
    expect(reasonOf(await gate.pay("/after", payment))).toBe("settlement_unknown");
    gate.asked.length = 0;
    const next = await sign();
    expect(reasonOf(await gate.pay("/after", next))).toBe("redelivered");
    expect(gate.asked.filter((question) => question === "verify")).toHaveLength(1);
    expect(settled(gate)).toBe(1);
    expect(gate.seen).toHaveLength(1);
    expect(gate.entry(next)).toBeNull();
  });

  test.each(["insufficient_funds", "invalid_exact_evm_insufficient_balance"])(
    "is not charged where its wallet is empty (%s): the last one took the money",
    async (reason) => {
      const gate = await upfrontCredit();
      verify = invalid(reason);
      expect(reasonOf(await gate.pay("/before", gate.next))).toBe("redelivered");
      expect(gate.entry(payment)).toBe("settled, redeemed");
    },
  );

  test.each(["permit2_insufficient_balance", "permit2_allowance_required"])(
    "by Permit2 is not charged where its wallet is empty (%s) and the chain has it unused, and nothing is delivered for it where nobody looked",
    async (reason) => {
      const byPermit2 = async () => upfront((await signPermit2Payment("10000", {}, account)) as unknown as Payment);
      const accepts = [{ network: "base-sepolia", assetTransferMethod: "permit2" }];
      const permitted = { routes: { "/before": { price: "$0.01", settle: "before", accepts } } };
      const askedOfPermit2: NonNullable<Around["fate"]> = ({ assetTransferMethod, nonce }) => {
        expect([assetTransferMethod, nonce]).toEqual(["permit2", expect.stringMatching(/^[1-9]\d+$/)]);
        return { kind: "unused", chainTimeMs: Date.now() };
      };
      for (const [chain, ending] of [
        [{ fate: askedOfPermit2 }, "redelivered"],
        [{}, "payment_bound_elsewhere"],
      ] as const) {
        verify = isValid;
        const around = {
          upstream: failing(1),
          verify: (...call: Parameters<Around["verify"]>) => verify(...call),
          ...chain,
        };
        const { pay } = openGate(permitted, around);
        expect(reasonOf(await pay("/before", await byPermit2()))).toBe("paid_undelivered");
        verify = invalid(reason);
        expect(reasonOf(await pay("/before", await byPermit2()))).toBe(ending);
      }
    },
  );

  test.each<[string, Around["verify"], string, Fate | null]>([
    ["it was used elsewhere", invalid("nonce_used"), "payment_bound_elsewhere", null],
    ["the facilitator is away", broken, "facilitator_unavailable", null],
    [
      "the facilitator is away and the chain does not have it unused",
      broken,
      "facilitator_unavailable",
      { kind: "paid", transaction: HASH, amount: "10000" },
    ],
    [
      "its wallet is empty and the chain has it used",
      invalid("insufficient_funds"),
      "payment_bound_elsewhere",
      { kind: "paid", transaction: HASH, amount: "10000" },
    ],
    [
      "its wallet is empty and the chain does not answer",
      invalid("insufficient_funds"),
      "facilitator_unavailable",
      { kind: "unavailable", detail: "rpc_down" },
    ],
    [
      "the facilitator is away and the chain stands still",
      broken,
      "facilitator_unavailable",
      { kind: "unused", chainTimeMs: Date.now() - 3_600_000 },
    ],
  ])("proves nothing where %s: nothing is delivered, and nobody is asked to pay", async (_, later, reason, known) => {
    const gate = await upfrontCredit(known !== null);
    verify = later;
    fate = () => known as Fate;
    const outcome = await gate.pay("/before", gate.next);
    expect([reasonOf(outcome), asksUpfront(outcome)]).toEqual([reason, null]);
    expect(gate.seen).toHaveLength(1);
    expect(settled(gate)).toBe(0);
    expect(gate.entry(payment)).toBe("settled, undelivered");
  });

  test("proves nothing where the chain does not answer in time", async () => {
    const gate = await upfrontCredit(true);
    verify = invalid("insufficient_funds");
    vi.useFakeTimers({ toFake: ["setTimeout", "clearTimeout"] });
    onTestFinished(() => void vi.useRealTimers());
    const asked = Promise.withResolvers<void>();
    fate = () => {
      asked.resolve();
      return new Promise(() => undefined);
    };
    const outcome = gate.pay("/before", gate.next);
    await asked.promise;
    await vi.advanceTimersByTimeAsync(16_000);
    expect(reasonOf(await outcome)).toBe("facilitator_unavailable");
    expect(gate.seen).toHaveLength(1);
  });

  test.each<[string, Around["verify"]]>([
    ["its wallet is empty", invalid("insufficient_funds")],
    ["the facilitator is away", broken],
  ])("proves who asks where %s and the chain has it unused", async (_, later) => {
    const gate = await upfrontCredit(true);
    verify = later;
    fate = () => ({ kind: "unused", chainTimeMs: gate.clock.nowMs });
    expect(reasonOf(await gate.pay("/before", gate.next))).toBe("redelivered");
  });
});
