import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { addressWord } from "../../../src/chain/hex.ts";
import type { Authorization } from "../../../src/chain/index.ts";
import { type Judgement, judgeReceipt } from "../../../src/chain/judgement.ts";
import { parseReceipt, type Receipt } from "../../../src/chain/receipt.ts";
import { PAY_TO } from "../../support/payment.ts";
import {
  approval,
  authorization,
  canceled,
  mined,
  OTHER,
  OTHER_NONCE,
  PAYER,
  type RawEvent,
  type RawReceipt,
  TRANSACTION,
  transfer,
  used,
} from "../../support/token-logs.ts";

function read(raw: RawReceipt): Receipt {
  const receipt = parseReceipt(raw, TRANSACTION);
  if (!receipt) throw new Error("the fixture is no receipt");
  return receipt;
}

const judge = (events: readonly RawEvent[], changes: Partial<Authorization> = {}): Judgement =>
  judgeReceipt(read(mined(events)), { ...authorization, ...changes });

const usedToo = used(PAYER, OTHER_NONCE);

type Row = readonly [title: string, events: readonly RawEvent[]];

const paid: readonly Row[] = [
  ["its use and then its transfer", [used(), transfer()]],
  ["its transfer and then its use, as some tokens write them", [transfer(), used()]],
  ["one of two equal payments", [usedToo, transfer(), used(), transfer()]],
  ["one of two equal payments, written the other way round", [transfer(), usedToo, transfer(), used()]],
  ["one of two different payments", [usedToo, transfer(5), used(), transfer()]],
  ["one of two different payments, written the other way round", [transfer(), used(), transfer(5), usedToo]],
  ["somebody else's payment before it", [used(OTHER), transfer(10000, PAY_TO, OTHER), used(), transfer()]],
  [
    "its transfer before its use, where the one behind it is somebody else's",
    [transfer(), used(), transfer(3, OTHER, OTHER), used(OTHER), transfer(4, OTHER, OTHER)],
  ],
  ["a transfer of its payer before it", [transfer(7, OTHER), used(), transfer()]],
  [
    "an approval and another token's logs in between",
    [used(), approval(), transfer(10000, OTHER, PAYER, OTHER), transfer()],
  ],
  ["a second use that paid nobody, of a token that allows it", [used(), transfer(), used(), transfer(10000, OTHER)]],
];

const unpaid: readonly Row[] = [
  ["its cancellation", [canceled()]],
  ["its cancellation beside a transfer of the same value", [canceled(), transfer()]],
  ["a use that paid somebody else", [used(), transfer(10000, OTHER)]],
  ["a use that paid less", [used(), transfer(9999)]],
  ["a use that paid more", [used(), transfer(10001)]],
  ["a use without a transfer", [used()]],
  ["a use that moved another token", [used(), transfer(10000, PAY_TO, PAYER, OTHER)]],
  ["a use beside somebody else's transfer", [used(), transfer(10000, PAY_TO, OTHER)]],
  [
    "a use that paid somebody else, and another payment of the same value",
    [used(), transfer(1, OTHER), usedToo, transfer()],
  ],
  ["a transfer whose data is no value", [used(), { ...transfer(), data: "0x" }]],
  ["a transfer of three values in a row", [used(), { ...transfer(), data: `${transfer().data}${"00".repeat(64)}` }]],
];

const unclear: readonly Row[] = [
  ["a use that paid somebody else, and then a bare transfer of the value", [used(), transfer(1, OTHER), transfer()]],
  ["a use whose transfer comes after a fee", [used(), transfer(1, OTHER), transfer(10000)]],
  ["two uses and then two transfers", [used(), usedToo, transfer(), transfer()]],
  [
    "its transfer before its use, where the others could be written in either order",
    [transfer(), used(), transfer(5), usedToo, transfer(6)],
  ],
];

const unrelated: readonly Row[] = [
  ["nothing", []],
  ["a transfer alone", [transfer()]],
  ["the use of another nonce", [usedToo, transfer()]],
  ["somebody else's use of the same nonce", [used(OTHER), transfer()]],
  ["a use that another contract made up", [used(PAYER, undefined, OTHER), transfer()]],
  ["an event of four topics", [{ ...used(), topics: [...used().topics, used().topics[1]] }, transfer()]],
];

describe.each([
  ["paid", paid],
  ["unpaid", unpaid],
  ["unclear", unclear],
  ["unrelated", unrelated],
] as const)("a payment is %s by a transaction with", (judgement, rows) => {
  test.each(rows)("%s", (_, events) => {
    expect(judge(events)).toBe(judgement);
  });
});

test("both of two equal payments in one transaction are paid", () => {
  const events = [used(), transfer(), usedToo, transfer()];
  expect([judge(events), judge(events, { nonce: OTHER_NONCE })]).toEqual(["paid", "paid"]);
});

test("a transaction with two uses and one such transfer pays one of them", () => {
  const events = [used(), transfer(), usedToo, transfer(10000, OTHER)];
  expect([judge(events), judge(events, { nonce: OTHER_NONCE })]).toEqual(["paid", "unpaid"]);
});

test("a nonce that reads as an address is not used by a transfer to it", () => {
  expect(judge([transfer(1, OTHER)], { nonce: addressWord(OTHER) })).toBe("unrelated");
});

test("a reverted transaction says nothing", () => {
  const reverted = read({ ...mined([used(), transfer()]), status: "0x0" });
  expect(judgeReceipt(reverted, authorization)).toBe("unrelated");
});

/** One step of a transaction: an authorization that is used, or a transfer of the payer's that stands alone. */
interface Step {
  readonly isBare: boolean;
  readonly payer: string;
  readonly to: string;
  readonly value: number;
}

const nonceOf = (i: number): string => `0x${String(i).padStart(64, "0")}`;

function written({ isBare, payer, to, value }: Step, i: number): readonly RawEvent[] {
  const moved = transfer(value, to, payer);
  return isBare ? [moved] : [used(payer, nonceOf(i)), moved];
}

describe("in a transaction that settles many,", () => {
  const to = fc.constantFrom(PAY_TO, OTHER);
  const value = fc.constantFrom(1, 2);
  const use = fc.record({ isBare: fc.constant(false), payer: fc.constantFrom(PAYER, OTHER), to, value });
  const bare = fc.record({ isBare: fc.constant(true), payer: fc.constant(PAYER), to, value });
  const steps = fc.array(fc.oneof({ arbitrary: use, weight: 3 }, { arbitrary: bare, weight: 1 }), { maxLength: 7 });
  /** The payment of one value, which each of the payer's nonces is asked about. */
  const isPayment = (step: Step): boolean => step.payer === PAYER && step.to === PAY_TO && step.value === 1;

  test.each([
    ["uses before their transfers", false],
    ["uses after their transfers", true],
  ])("%s: no payment is called unpaid, and no transfer pays twice", (_, isReversed) => {
    fc.assert(
      fc.property(steps, (all) => {
        const events = all.flatMap((step, i) => (isReversed ? written(step, i).toReversed() : written(step, i)));
        const judgements = all.map(({ isBare, payer }, i) =>
          isBare || payer !== PAYER ? null : judge(events, { nonce: nonceOf(i), amount: "1" }),
        );
        expect(all.filter((step, i) => isPayment(step) && judgements[i] === "unpaid")).toEqual([]);
        const paidCount = judgements.filter((judgement) => judgement === "paid").length;
        expect(paidCount).toBeLessThanOrEqual(all.filter(isPayment).length);
      }),
      { numRuns: 1000 },
    );
  });

  test("every payment in Circle's order is known, where no transfer stands alone", () => {
    fc.assert(
      fc.property(fc.array(use, { maxLength: 7 }), (all) => {
        const events = all.flatMap(written);
        for (const [i, { payer, to, value }] of all.entries()) {
          const judgement = judge(events, { payer, nonce: nonceOf(i), amount: String(value) });
          expect(judgement).toBe(to === PAY_TO ? "paid" : "unpaid");
        }
      }),
    );
  });
});
