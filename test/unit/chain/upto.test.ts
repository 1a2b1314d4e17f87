import { numberToHex, pad } from "viem";
import { afterEach, describe, expect, test } from "vitest";
import { type Authorization, buildChain, type Fate } from "../../../src/chain/index.ts";
import { type FakeChain, HEAD, secondsOf, startFakeRpc } from "../../support/fake-rpc.ts";
import {
  invalidation,
  metered,
  moving,
  NONCE,
  permitted,
  type RawTransaction,
  settling,
  settlingPart,
  settlingPartWithPermit,
} from "../../support/permit2-logs.ts";
import { PROXY, UPTO_PROXY } from "../../support/permit2-payment.ts";
import type { TestServer } from "../../support/server.ts";
import { mined, OTHER, type RawEvent, TRANSACTION, transfer } from "../../support/token-logs.ts";

const paid = (amount: number): Fate => ({ kind: "paid", transaction: TRANSACTION, amount: String(amount) });
const canceled: Fate = { kind: "canceled" };
const unused: Fate = { kind: "unused", chainTimeMs: secondsOf(HEAD) * 1000 };
const unavailable = { kind: "unavailable" };
const OTHER_NONCE = (0x5678n << 8n).toString();
const hashOf = (i: number): string => pad(numberToHex(i + 1), { size: 32 });

const servers: TestServer[] = [];
afterEach(async () => {
  await Promise.all(servers.splice(0).map((server) => server.stop()));
});

async function ask(chain: Partial<FakeChain>, changes: Partial<Authorization> = {}): Promise<Fate> {
  const rpc = await startFakeRpc(chain);
  servers.push(rpc);
  return buildChain({ urls: [rpc.url], timeoutMs: 4000 }).fateOf({ ...metered, ...changes });
}

/** One transaction with these logs, before which the nonce was free. */
const holding = (transaction: RawTransaction, ...events: readonly RawEvent[]): Partial<FakeChain> => ({
  transactions: [transaction],
  receipts: [mined(events, transaction.hash)],
  answers: { eth_call: (_: object, at: string) => pad(Number(at) >= HEAD - 50 ? "0x1" : "0x0", { size: 32 }) },
});
const hint = { transaction: TRANSACTION };

describe("an unanswered settlement by upto", () => {
  const cut = { ...settlingPart(), input: settlingPart().input.slice(0, 10 + 64 * 4) };
  const elsewhere = { ...settlingPart(), to: OTHER };

  test.each<[string, Partial<FakeChain>, object]>([
    ["is paid with what its proxy was asked to move, and moved", holding(settlingPart(), transfer(1858)), paid(1858)],
    [
      "is paid where the proxy was called with an allowance too",
      holding(settlingPartWithPermit(), transfer(1858)),
      paid(1858),
    ],
    [
      "is paid with less than it was to be, where its facilitator moved less",
      holding(settlingPart(7n), transfer(7)),
      paid(7),
    ],
    ["is paid with more, where its facilitator moved more", holding(settlingPart(9999n), transfer(9999)), paid(9999)],
    ["is paid with all that was signed", holding(settlingPart(10000n), transfer(10000)), paid(10000)],
    [
      "is paid where just as much was signed",
      holding(settlingPart(1858n, { maximum: 1858n }), transfer(1858)),
      paid(1858),
    ],
    ["is unused as of the head where its nonce is", { isUsed: false }, unused],
    ["is canceled where its owner gave the nonce up", { receipts: [mined([invalidation()])] }, canceled],
    ["is canceled where its nonce was used, and moved nothing", holding(settlingPart(0n), transfer(0)), canceled],
    [
      "is canceled where less was signed for its nonce",
      holding(settlingPart(7n, { maximum: 1857n }), transfer(7)),
      canceled,
    ],
    [
      "is canceled where more was moved than the call says was signed",
      holding(settlingPart(10001n), transfer(10001)),
      canceled,
    ],
    ...([{ nonce: OTHER_NONCE }, { token: OTHER }, { to: OTHER }, { facilitator: OTHER }] as const).map(
      (signed): [string, Partial<FakeChain>, object] => [
        `is canceled where what was settled is of another ${Object.keys(signed)}`,
        holding(settlingPart(1858n, signed), transfer(1858)),
        canceled,
      ],
    ),
    [
      "is canceled where the payer had a part of it settled by himself, under its nonce",
      holding(settlingPart(1n, { facilitator: metered.payer }), transfer(1)),
      canceled,
    ],
    ["is canceled where its nonce paid by exact", holding(settling(), transfer(10000)), canceled],
    [
      "is canceled where its nonce paid by exact just what was to be settled",
      holding(settling(NONCE, undefined, undefined, { amount: 1858n }), transfer(1858)),
      canceled,
    ],
    [
      "is canceled where the token itself was asked for such a transfer",
      holding(moving("0xe3ee160e", undefined, undefined, 1858n), transfer(1858)),
      canceled,
    ],
    ["is unknown where the call breaks off", holding(cut, transfer(1858)), unavailable],
    [
      "is unknown where the call says nothing of what was signed",
      holding({ ...cut, input: cut.input.slice(0, 11) }, transfer(1858)),
      unavailable,
    ],
    [
      "is unknown where the call is another owner's, who cannot have moved anything of its payer's",
      holding(settlingPart(1858n, { owner: OTHER }), transfer(1858)),
      unavailable,
    ],
    [
      "is unknown where the proxy of exact was called for a stranger's token, which may have called its own",
      holding(settling("77", OTHER, undefined, { token: OTHER, to: OTHER }), transfer(3)),
      unavailable,
    ],
    [
      "is unknown where another contract moved anything from its payer to its payee",
      holding(elsewhere, transfer(3)),
      unavailable,
    ],
    [
      "is unknown where the proxy moved something else than it was asked to",
      holding(settlingPart(), transfer(1857)),
      unavailable,
    ],
    [
      "is unknown where its proxy was called in another way",
      holding({ ...settling(), to: UPTO_PROXY }, transfer(3)),
      unavailable,
    ],
    [
      "is unknown where the proxy of exact was called in its way",
      holding({ ...settlingPart(), to: PROXY }, transfer(3)),
      unavailable,
    ],
  ])("%s", async (_, chain, fate) => {
    expect(await ask(chain)).toMatchObject(fate);
  });

  test("is found among many payments of its payer to its payee, of any value", async () => {
    const others = Array.from({ length: 39 }, (_, i) => hashOf(i));
    const chain = {
      transactions: [
        ...others.map((hash, i) => settlingPart(BigInt(i + 1), { nonce: String(i << 8) }, hash)),
        settlingPart(3n),
      ],
      receipts: [
        ...others.map((hash, i) => mined([transfer(i + 1)], hash, 5000 + i)),
        mined([transfer(3)], TRANSACTION, 5039),
      ],
    };
    expect(await ask(chain)).toEqual(paid(3));
  });

  test("is found among more than are looked at where it moved what it was to: those of that value are looked at first", async () => {
    const others = Array.from({ length: 60 }, (_, i) => hashOf(i));
    const among = (amount: number) => ({
      transactions: [
        ...others.map((hash, i) => settlingPart(9n, { nonce: String(i << 8) }, hash)),
        settlingPart(BigInt(amount)),
      ],
      receipts: [
        ...others.map((hash, i) => mined([transfer(9)], hash, 5000 + i)),
        mined([transfer(amount)], TRANSACTION, 5060),
      ],
      answers: holding(settlingPart()).answers ?? {},
    });
    expect(await ask(among(1858))).toEqual(paid(1858));
    expect(await ask(among(1857))).toMatchObject(unavailable);
  });
});

describe("a transaction that the facilitator named for a settlement by upto", () => {
  test("is enough where it paid, and tells the amount", async () => {
    expect(await ask({ ...holding(settlingPart(7n), transfer(7)), isUsed: false }, hint)).toEqual(paid(7));
  });

  const reverted = { ...mined([transfer(1858)]), status: "0x0" };
  test.each<[string, Partial<FakeChain>]>([
    ["was never mined", {}],
    ["settled another nonce", holding(settlingPart(1858n, { nonce: OTHER_NONCE }), transfer(1858))],
    ["was settled for another facilitator", holding(settlingPart(1858n, { facilitator: OTHER }), transfer(1858))],
    ["moved nothing", holding(settlingPart())],
    ["moved another value than it was asked to", holding(settlingPart(), transfer(1857))],
    ["moved another token", holding(settlingPart(), transfer(1858, undefined, undefined, OTHER))],
    ["paid somebody else", holding(settlingPart(), transfer(1858, OTHER))],
    ["was paid by somebody else", holding(settlingPart(), transfer(1858, undefined, OTHER))],
    ["went through another contract", holding({ ...settlingPart(), to: OTHER }, transfer(1858))],
    ["was reverted", { transactions: [settlingPart()], receipts: [reverted] }],
  ])("does not decide where it %s", async (_, chain) => {
    expect(await ask({ ...chain, answers: {}, isUsed: false }, hint)).toEqual(unused);
  });
});

describe("a settlement by exact is not paid by a call of the other proxy:", () => {
  test.each<[string, RawTransaction, RawEvent]>([
    ["with its nonce and all that was signed", settlingPart(10000n), transfer()],
    ["with its nonce and a part of it", settlingPart(1n), transfer(1)],
  ])("%s", async (_, transaction, event) => {
    expect(await ask(holding(transaction, event), permitted)).toEqual(canceled);
    expect(
      await ask({ ...holding(transaction, event), answers: {}, isUsed: false }, { ...permitted, ...hint }),
    ).toEqual(unused);
  });
});
