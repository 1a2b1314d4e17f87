// A gate that accepts Solana: for whom payers are asked to sign, and who is asked about what they signed.

import { describe, expect, test } from "vitest";
import type { Outcome } from "../../../src/outcome/index.ts";
import { partsOf, solanaPaymentId } from "../../../src/x402/index.ts";
import {
  DEVNET,
  type Draft,
  FEE_PAYER,
  hashOf,
  newWallet,
  OTHER_FEE_PAYER,
  PAY_TO,
  payerOf,
  type SolanaPayment,
  signSolanaPayment,
  transactionNameOf,
  type Wallet,
} from "../../support/solana-payment.ts";
import { type Around, broken, codeOf, failing, openGate, reasonOf } from "./gate.ts";

const ONE = "https://one.example";
const TWO = "https://two.example";
const THIRD_FEE_PAYER = "3XZXfFJHF5ox3yPop16oqYfSWxLpkjsEuvTe2S67G2rj";
const SOLANA = { network: "solana-devnet", payTo: PAY_TO };
const TABLE = {
  accepts: [SOLANA],
  facilitators: [ONE, TWO],
  routes: {
    "/after": "$0.01",
    "/before": { price: "$0.01", settle: "before" },
    "/async": { price: "$0.01", settle: "async", maxUnsettled: "$1" },
  },
};

const listing = (...feePayers: readonly string[]): object => ({
  kinds: [{ x402Version: 2, scheme: "exact", network: DEVNET, extra: { feePayer: feePayers[0] } }],
  signers: { "solana:*": feePayers },
});
/** What each of the two says that it supports. */
const saying =
  (one: object, two: object): Around["supported"] =>
  (_, url) =>
    url.startsWith(ONE) ? one : two;
const both = saying(listing(FEE_PAYER), listing(OTHER_FEE_PAYER, THIRD_FEE_PAYER));

const partiesOf = (body: string) => {
  const { paymentPayload, paymentRequirements } = JSON.parse(body);
  const { transaction } = paymentPayload.payload;
  return { transaction, feePayer: paymentRequirements.extra.feePayer as string };
};
const isValid = (body: string): object => ({ isValid: true, payer: payerOf(partiesOf(body).transaction) });
const isSettled = (body: string): object => {
  const { transaction, feePayer } = partiesOf(body);
  // As the specification has it, the payer of the fee.
  return { success: true, payer: feePayer, network: DEVNET, transaction: transactionNameOf(hashOf(transaction)) };
};

function open(around: Partial<Around> = {}, table: object = TABLE) {
  const gate = openGate(table, { supported: both, verify: isValid, settle: isSettled, ...around });
  const pay = (path: string, payment: SolanaPayment): Promise<Outcome> =>
    gate.ask(path, { headers: new Headers({ "payment-signature": btoa(JSON.stringify(payment)) }) });
  /** For whom the challenge has payers sign. */
  const named = async (path = "/after"): Promise<readonly string[] | string> => {
    const outcome = await gate.ask(path);
    if (outcome.kind !== "refused" || !("invitation" in outcome.problem)) return reasonOf(outcome);
    const { tail } = outcome.problem.invitation.challenge;
    return [...tail.matchAll(/"feePayer":"(\w+)"/g)].map(([, key = ""]) => key);
  };
  const entry = ({ payload }: SolanaPayment) => {
    const payer = payerOf(payload.transaction);
    const id = solanaPaymentId(DEVNET, payer, hashOf(payload.transaction));
    const held = gate.place.ledger(`${DEVNET}|${payer}`).entry(id);
    return held && { state: `${held.pay}, ${held.delivery}`, facilitator: held.facilitator, id: partsOf(held.id) };
  };
  return { ...gate, pay, named, entry };
}

const signedFor = (feePayer: string, wallet: Wallet = newWallet()): SolanaPayment =>
  signSolanaPayment(10_000n, {}, wallet, (draft: Draft) => ({ ...draft, signers: [feePayer, wallet.address] }));

const at = (urls: readonly string[], path: string): readonly string[] => urls.filter((url) => url.endsWith(path));

describe("the challenge names who pays the gas:", () => {
  test("nobody before it is known, and then the first facilitator's account", async () => {
    const { named, urls } = open();
    expect(await named()).toBe("facilitator_unknown");
    expect(urls.toSorted()).toEqual([`${ONE}/supported`, `${TWO}/supported`]);
    expect(await named()).toEqual([FEE_PAYER]);
    expect(urls).toHaveLength(2);
  });

  test("whom another isolate has heard of, from the first request on", async () => {
    const { named, place } = open();
    await named();
    const { named: namedElsewhere, urls } = open({ before: place });
    expect(await namedElsewhere()).toEqual([FEE_PAYER]);
    expect(urls).toEqual([]);
  });

  test("nobody while none of them says it: KV is read now and then, and not for every request", async () => {
    const { named, kv, clock } = open({ supported: broken });
    const reads: string[] = [];
    const { get } = kv;
    kv.get = (key) => {
      reads.push(key);
      return get.call(kv, key);
    };
    for (let i = 0; i < 20; i++) expect(await named()).toBe("facilitator_unknown");
    // Of each once in the request's way, and once behind it.
    expect(reads).toHaveLength(4);
    clock.nowMs += 5_000;
    for (let i = 0; i < 20; i++) await named();
    expect(reads).toHaveLength(8);
  });

  test("nobody while KV does not answer, and who asks does not wait for it each time", async () => {
    const { answer, kv } = open({ supported: broken });
    kv.get = () => new Promise<never>(() => undefined) as never;
    const sinceMs = performance.now();
    for (let i = 0; i < 5; i++) expect(reasonOf(await answer("/after"))).toBe("facilitator_unknown");
    expect(performance.now() - sinceMs).toBeLessThan(1_200);
  });

  test("whom another isolate hears of a little later, once it is looked at again", async () => {
    const { named, place, clock } = open({ supported: broken });
    expect(await named()).toBe("facilitator_unknown");
    const { named: namedElsewhere } = open({ before: place });
    await namedElsewhere();
    clock.nowMs += 5_000;
    expect(await named()).toEqual([FEE_PAYER]);
  });

  test("the next one's where the first does not settle there, or names nobody", async () => {
    const evm = { kinds: [{ x402Version: 2, scheme: "exact", network: "eip155:8453" }], signers: {} };
    const nameless = { kinds: [{ x402Version: 2, scheme: "exact", network: DEVNET }] };
    const mainnet = {
      kinds: [{ x402Version: 2, scheme: "exact", network: "solana:5eykt4UsFv8P8NJdTREpY1vzqKqZKvdp" }],
      signers: { "solana:*": [FEE_PAYER] },
    };
    for (const one of [evm, nameless, mainnet]) {
      const { named } = open({ supported: saying(one, listing(OTHER_FEE_PAYER)) });
      await named();
      expect(await named()).toEqual([OTHER_FEE_PAYER]);
    }
  });

  test("the next one's while the first rests, and the first one's where both do", async () => {
    const { named, gate } = open({ verify: broken });
    await named();
    const [one, two] = gate.facilitators.all;
    // Each asks twice.
    for (let i = 0; i < 2; i++) await one?.verify("{}", { payer: "", network: DEVNET, isProven: true });
    expect(await named()).toEqual([OTHER_FEE_PAYER]);
    for (let i = 0; i < 2; i++) await two?.verify("{}", { payer: "", network: DEVNET, isProven: true });
    expect(await named()).toEqual([FEE_PAYER]);
  });

  test("the last that was said while a facilitator says nothing more", async () => {
    let word: object = listing(FEE_PAYER);
    const { named, clock } = open({ supported: () => (word === null ? broken() : word) });
    await named();
    word = null as unknown as object;
    clock.nowMs += 3_600_000;
    await named();
    expect(await named()).toEqual([FEE_PAYER]);
  });

  test("another one as soon as another is said, with one form of it for each", async () => {
    let word = listing(FEE_PAYER);
    const { ask, named, clock, gate } = open({ supported: () => word });
    await named();
    const challenge = async () => {
      const outcome = await ask("/after");
      return outcome.kind === "refused" && "invitation" in outcome.problem
        ? outcome.problem.invitation.challenge
        : null;
    };
    const first = await challenge();
    expect(await challenge()).toBe(first);
    word = listing(OTHER_FEE_PAYER);
    clock.nowMs += 600_000;
    await named();
    expect(await named()).toEqual([OTHER_FEE_PAYER]);
    word = listing(FEE_PAYER);
    clock.nowMs += 600_000;
    await named();
    expect(await challenge()).toBe(first);
    expect(gate.facilitators.all).toHaveLength(2);
  });

  test("the table's own from the first request on", async () => {
    const table = { ...TABLE, facilitators: [{ url: ONE, feePayer: THIRD_FEE_PAYER }] };
    const { named } = open({ supported: broken }, table);
    expect(await named()).toEqual([THIRD_FEE_PAYER]);
    expect(await named()).toEqual([THIRD_FEE_PAYER]);
  });

  test("and payers in debt are asked to sign for the same", async () => {
    const { named, ask, pay, gate } = open();
    await named();
    Object.assign(gate.exposure, { reserve: async () => false });
    const outcome = await pay("/async", signedFor(FEE_PAYER));
    expect(codeOf(outcome)).toBe("gate_over_cap");
    const tail =
      outcome.kind === "refused" && "invitation" in outcome.problem && outcome.problem.invitation.challenge.tail;
    expect(tail).toContain(`"extra":{"paymentFlow":"upfront","feePayer":"${FEE_PAYER}"}`);
    expect(reasonOf(await ask("/async"))).toBe("payment_required");
  });
});

describe("a payment on Solana", () => {
  test.each(["/after", "/async"])("is settled and stands in its payer's own book (%s)", async (path) => {
    const { named, pay, entry } = open();
    await named();
    const payment = signedFor(FEE_PAYER);
    expect(["sold", "served"]).toContain((await pay(path, payment)).kind);
    const payer = payerOf(payment.payload.transaction);
    expect(entry(payment)).toEqual({
      state: "settled, delivered",
      facilitator: ONE,
      id: {
        network: DEVNET,
        assetTransferMethod: "transferChecked",
        payer,
        nonce: hashOf(payment.payload.transaction),
      },
    });
  });

  test("that is settled first is verified before", async () => {
    const { named, pay, urls, entry } = open();
    await named();
    const payment = signedFor(FEE_PAYER);
    payment.accepted["extra"] = { paymentFlow: "upfront" };
    expect(reasonOf(await pay("/before", payment))).toBe("sold");
    expect(urls.slice(2)).toEqual([`${ONE}/verify`, `${ONE}/settle`]);
    expect(entry(payment)?.state).toBe("settled, delivered");
  });

  test.each([OTHER_FEE_PAYER, THIRD_FEE_PAYER])(
    "goes to the one that signs for %s, and to no other",
    async (feePayer) => {
      const { named, pay, urls, entry } = open();
      await named();
      const payment = signedFor(feePayer);
      expect(reasonOf(await pay("/after", payment))).toBe("sold");
      expect(urls.slice(2)).toEqual([`${TWO}/verify`, `${TWO}/settle`]);
      expect(entry(payment)?.facilitator).toBe(TWO);
    },
  );

  test("does not go to another one while that one is away", async () => {
    const { named, pay, urls } = open({ verify: (body, url) => (url.startsWith(ONE) ? isValid(body) : broken()) });
    await named();
    expect(reasonOf(await pay("/after", signedFor(OTHER_FEE_PAYER)))).toBe("facilitator_unavailable");
    expect(at(urls, "/verify").every((url) => url.startsWith(TWO))).toBe(true);
  });

  test("for somebody whom nobody lists is refused, claimed by nobody, and asked about nowhere", async () => {
    const { named, pay, urls, calls } = open();
    await named();
    const outcome = await pay("/after", signedFor(newWallet().address));
    expect(codeOf(outcome)).toBe("invalid_exact_svm_fee_payer_not_managed_by_facilitator");
    expect(reasonOf(outcome)).toBe("payment_refused");
    expect(urls).toHaveLength(2);
    expect(calls).toEqual(["present"]);
  });

  test("that was settled hears so, also when its fee payer is listed no more", async () => {
    let word = both;
    const { named, pay, clock, gate } = open({ supported: (body, url) => word(body, url) });
    await named();
    const payment = signedFor(FEE_PAYER);
    expect(reasonOf(await pay("/after", payment))).toBe("sold");
    word = saying(listing(THIRD_FEE_PAYER), listing(OTHER_FEE_PAYER));
    clock.nowMs += 600_000;
    await named();
    Object.assign(gate.spent, { recall: () => null, read: async () => null });
    expect(reasonOf(await pay("/after", payment))).toBe("payment_settled");
  });

  test("is sold while it is not known who signs for whom: the one that does says so", async () => {
    const verify: Around["verify"] = (body, url) =>
      url.startsWith(TWO)
        ? isValid(body)
        : { isValid: false, invalidReason: "invalid_exact_svm_fee_payer_not_managed_by_facilitator" };
    const { pay, urls, entry } = open({ supported: broken, verify });
    const payment = signedFor(OTHER_FEE_PAYER);
    expect(reasonOf(await pay("/after", payment))).toBe("sold");
    expect(at(urls, "/verify")).toEqual([`${ONE}/verify`, `${TWO}/verify`]);
    expect(at(urls, "/settle")).toEqual([`${TWO}/settle`]);
    expect(entry(payment)).toMatchObject({ state: "settled, delivered", facilitator: TWO });
  });

  test("that is new proves nothing of its payer while nobody judges it: one of long ago looks like it on the chain", async () => {
    let isAway = false;
    const wallet = newWallet();
    const { named, pay, clock } = open({
      verify: (body) => (isAway ? broken() : isValid(body)),
      upstream: failing(1),
      fate: () => ({ kind: "unused", chainTimeMs: clock.nowMs }),
    });
    await named();
    const upfront = (): SolanaPayment => {
      const signed = signedFor(FEE_PAYER, wallet);
      signed.accepted["extra"] = { paymentFlow: "upfront" };
      return signed;
    };
    expect(reasonOf(await pay("/before", upfront()))).toBe("paid_undelivered");
    isAway = true;
    expect(reasonOf(await pay("/before", upfront()))).toBe("facilitator_unavailable");
    isAway = false;
    expect(reasonOf(await pay("/before", upfront()))).toBe("redelivered");
  });

  test("that nobody signs for is asked about everywhere while nothing is known, and then hears that it is not known", async () => {
    const invalidReason = "invalid_exact_svm_fee_payer_not_managed_by_facilitator";
    const { pay, urls, entry } = open({ supported: broken, verify: () => ({ isValid: false, invalidReason }) });
    const payment = signedFor(FEE_PAYER);
    expect(reasonOf(await pay("/after", payment))).toBe("facilitator_unknown");
    expect(at(urls, "/verify")).toEqual([`${ONE}/verify`, `${TWO}/verify`]);
    expect(entry(payment)?.state).toBe("released, none");
  });

  test("whose settlement nobody answered for is settled again with the identical body", async () => {
    const bodies: string[] = [];
    const settle = (body: string): object => (bodies.push(body) === 1 ? broken() : isSettled(body));
    const { named, pay, alarm, entry } = open({ settle });
    await named();
    const payment = signedFor(FEE_PAYER);
    expect(reasonOf(await pay("/after", payment))).toBe("settlement_unknown");
    await alarm(60_000);
    expect(bodies).toEqual([bodies[0], bodies[0]]);
    expect(entry(payment)?.state).toBe("settled, undelivered");
  });

  test("whose settlement nobody answered for is looked for on the chain, and has failed when it can come no more", async () => {
    const seconds = 1_800_000_000;
    const { named, pay, alarm, entry, clock } = open({
      settle: broken,
      fate: () => ({ kind: "unused", chainTimeMs: clockMs() }),
    });
    const clockMs = (): number => clock.nowMs;
    clock.nowMs = seconds * 1000;
    await named();
    const payment = signedFor(FEE_PAYER);
    expect(reasonOf(await pay("/after", payment))).toBe("settlement_unknown");
    await alarm(180_000);
    expect(entry(payment)?.state).toBe("unknown, none");
    await alarm(121_000);
    expect(entry(payment)?.state).toBe("failed, none");
  });
});
