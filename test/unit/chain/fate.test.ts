import { describe, expect, test } from "vitest";
import { isOfNonce } from "../../../src/chain/events.ts";
import { fateInHint, fateInLogs } from "../../../src/chain/fate.ts";
import { type Log, parseReceipt, type Receipt } from "../../../src/chain/receipt.ts";
import {
  authorization,
  canceled,
  mined,
  OTHER,
  OTHER_NONCE,
  type RawEvent,
  TRANSACTION,
  transfer,
  used,
} from "../../support/token-logs.ts";

const LATER = `0x${"7b".repeat(32)}`;

function receiptOf(events: readonly RawEvent[], hash = TRANSACTION, block?: number): Receipt {
  const receipt = parseReceipt(mined(events, hash, block), hash);
  if (!receipt) throw new Error("the fixture is no receipt");
  return receipt;
}

const logsOf = (receipts: readonly Receipt[]): readonly Log[] =>
  receipts.flatMap(({ logs }) => logs).filter((log) => isOfNonce(log, authorization));

const paying = receiptOf([used(), transfer()]);
const redirecting = receiptOf([used(), transfer(10000, OTHER)]);
const canceling = receiptOf([canceled()]);
const ambiguous = receiptOf([used(), transfer(1, OTHER), transfer()], LATER, 5001);

describe("of a used nonce", () => {
  test.each([
    ["paid, by the transfer beside its use", [paying], { kind: "paid", transaction: TRANSACTION, amount: "10000" }],
    ["canceled, by its cancellation", [canceling], { kind: "canceled" }],
    ["canceled, by a use that paid somebody else", [redirecting], { kind: "canceled" }],
    [
      "paid, by a second use of a token that allows it",
      [redirecting, receiptOf([used(), transfer()], LATER, 5001)],
      { kind: "paid", transaction: LATER, amount: "10000" },
    ],
  ] as const)("the fate is %s", (_, receipts, fate) => {
    expect(fateInLogs(logsOf(receipts), receipts, authorization)).toEqual({ ok: true, value: fate });
  });

  const [log] = logsOf([paying]) as readonly [Log];

  test.each([
    ["there is no log of it", [], []],
    ["the transfer beside its use is another", logsOf([ambiguous]), [ambiguous]],
    ["one of two uses is unclear", logsOf([canceling, ambiguous]), [canceling, ambiguous]],
    ["the log is in no receipt", [log], []],
    ["the receipt holds another log there", [log], [receiptOf([transfer(), used()])]],
    ["the receipt is of another block", [log], [receiptOf([used(), transfer()], TRANSACTION, 5001)]],
    ["the receipt is of a reverted transaction", [log], [{ ...paying, succeeded: false }]],
    ["the log speaks of another nonce", [{ ...log, topics: [...log.topics.slice(0, 2), OTHER_NONCE] }], [paying]],
  ] as const)("nothing is known where %s", (_, logs, receipts) => {
    expect(fateInLogs(logs, receipts, authorization)).toMatchObject({ ok: false, error: { kind: "broken" } });
  });
});

describe("the transaction that a facilitator named", () => {
  test("proves a payment by the nonce's use and its transfer", () => {
    expect(fateInHint(paying, authorization)).toEqual({ kind: "paid", transaction: TRANSACTION, amount: "10000" });
  });

  test.each([
    ["cancels", canceling],
    ["pays somebody else", redirecting],
    ["is unclear", ambiguous],
    ["moves the value for no authorization", receiptOf([transfer()])],
    ["was reverted", { ...paying, succeeded: false }],
  ])("leaves the question open where it %s", (_, receipt) => {
    expect(fateInHint(receipt, authorization)).toBeNull();
  });
});
