import { afterEach, describe, expect, test } from "vitest";
import { type Authorization, buildSolanaChain, type Fate } from "../../../src/chain/index.ts";
import { type FakeChain, type FakeRpc, RpcRefusal, startFakeRpc } from "../../support/fake-rpc.ts";
import type { TestServer } from "../../support/server.ts";
import {
  authorization,
  FINAL_SLOT,
  failure,
  GENESIS,
  HEAD_SLOT,
  hasBlock,
  listed,
  PAYER,
  payment,
  type SolanaTransaction,
  secondsOf,
  shown,
  solana,
  transaction,
} from "../../support/solana-chain.ts";

const TIMEOUT_MS = 4000;
/** Blocks after which a message is never carried out any more: 150 may lie between, and the next one is made by then. */
const EXPIRED = 152;

const paid: Fate = { kind: "paid", transaction: payment.signature, amount: "10000" };
const canceled: Fate = { kind: "canceled" };
const unavailable = { kind: "unavailable" };
const unused: Fate = { kind: "unused", chainTimeMs: secondsOf(blockBefore(FINAL_SLOT, EXPIRED - 1)) * 1000 };
const hint = { transaction: payment.signature };

/** The block that is so many blocks before this slot's. */
function blockBefore(slot: number, blocks: number): number {
  let at = slot;
  for (let left = blocks; left > 0; left -= hasBlock(at) ? 1 : 0) at--;
  return at;
}

const servers: TestServer[] = [];
afterEach(async () => {
  await Promise.all(servers.splice(0).map((server) => server.stop()));
});

type Answers = FakeChain["answers"];

async function start(transactions: readonly SolanaTransaction[], answers: Answers = {}): Promise<FakeRpc> {
  const rpc = await startFakeRpc({ answers: { ...solana(transactions), ...answers } });
  servers.push(rpc);
  return rpc;
}

const askAt = (rpcs: readonly TestServer[], changes: Partial<Authorization> = {}): Promise<Fate> =>
  buildSolanaChain({ urls: rpcs.map(({ url }) => url), timeoutMs: TIMEOUT_MS }).fateOf({
    ...authorization,
    ...changes,
  });

const ask = async (
  transactions: readonly SolanaTransaction[],
  answers: Answers = {},
  changes: Partial<Authorization> = {},
): Promise<Fate> => askAt([await start(transactions, answers)], changes);

const methodsOf = ({ seen }: FakeRpc) => seen.map((calls) => calls.map(({ method }) => method).join(" "));
const refuse = (code?: number) => (): never => {
  throw new RpcRefusal("secret-of-the-rpc", code);
};

/** What the payer did besides, one in each slot from the payment's on. */
const others = (count: number, slot = payment.slot, changes: Partial<SolanaTransaction> = {}) =>
  Array.from({ length: count }, (_, i) => transaction(`other ${i}`, { slot: slot + i, ...changes }));
const old = transaction("old", { slot: payment.slot - 2000 });

describe("an unanswered settlement on Solana", () => {
  test.each<[string, readonly SolanaTransaction[], object]>([
    ["is paid where its message was carried out", [payment], paid],
    ["is paid by the latest of what its payer did", [old, ...others(5, payment.slot - 10), payment], paid],
    ["is paid before what its payer did since", [payment, ...others(9)], paid],
    [
      "is paid where its block is confirmed, and not final yet",
      [{ ...payment, slot: HEAD_SLOT, blockTime: secondsOf(HEAD_SLOT) }],
      paid,
    ],
    ["is paid where its block's time is not known", [{ ...payment, blockTime: null }, old], paid],
    ["is canceled where its message failed", [{ ...payment, err: failure }], canceled],
    ["is canceled where its message failed in words", [{ ...payment, err: "AccountInUse" }], canceled],
    ["is unused where its payer did nothing", [], unused],
    ["is unused where its payer did something else", [old, ...others(3)], unused],
    ["is unused where something else of its payer's failed", [transaction("other", { err: failure })], unused],
    [
      "is paid where the chain's clock is some minutes behind ours",
      [{ ...payment, blockTime: (payment.blockTime ?? 0) - 240 }, old],
      paid,
    ],
    ["is not looked for long before the claim", [{ ...payment, slot: old.slot, blockTime: old.blockTime }], unused],
    [
      "is unknown where its message failed in a block that is not final yet",
      [{ ...payment, err: failure, slot: HEAD_SLOT, blockTime: secondsOf(HEAD_SLOT) }],
      unavailable,
    ],
  ])("%s", async (_, transactions, fate) => {
    expect(await ask(transactions)).toMatchObject(fate);
  });

  test("is paid whatever else names its payer, as long as that can be read through", async () => {
    const many = others(450);
    expect(await ask([...many, payment, old])).toEqual(paid);
    expect(await ask([...many, transaction("payment", { slot: payment.slot + 500 })])).toMatchObject({
      detail: expect.stringContaining("too many transactions of the account"),
    });
  });

  test("is unknown where more names its payer than is listed", async () => {
    const spam = others(3300, payment.slot + 1, { slot: payment.slot + 1 });
    expect(await ask([payment, ...spam])).toMatchObject({
      detail: expect.stringContaining("too many transactions of the account"),
    });
  });

  test("is not failed by a chain that stood still for hours, before it has gone on for as many blocks", async () => {
    const resumed = FINAL_SLOT - 100;
    const getBlockTime = (slot: number) => secondsOf(slot) + (slot >= resumed ? 5 * 3600 : 0);
    const fate = await ask([], { getBlockTime });
    expect(fate).toMatchObject({ kind: "unused" });
    expect(fate.kind === "unused" && fate.chainTimeMs).toBeLessThan(secondsOf(resumed) * 1000);
  });

  test("is told from one with a higher version, which none of ours has", async () => {
    const newer = transaction("newer");
    const answers = solana([newer, payment]);
    const getTransaction = (signature: string, options: object) =>
      signature === newer.signature
        ? refuse(-32015)()
        : (answers["getTransaction"] as (...params: unknown[]) => unknown)(signature, options);
    expect(await ask([newer, payment], { getTransaction })).toEqual(paid);
    expect(await ask([newer], { getTransaction: refuse(-32015) })).toEqual(unused);
  });
});

describe("what is asked of a Solana RPC", () => {
  test("is its genesis, the named transaction, and no more where that is the payment", async () => {
    const rpc = await start([payment]);
    expect(await askAt([rpc], hint)).toEqual(paid);
    expect(methodsOf(rpc)).toEqual(["getGenesisHash getTransaction"]);
    expect(rpc.seen[0]?.[1]?.params).toEqual([
      payment.signature,
      { encoding: "base64", commitment: "confirmed", maxSupportedTransactionVersion: 0 },
    ]);
  });

  test("is the payer's list from whoever has seen the final block, back to the claim", async () => {
    const rpc = await start([payment, old]);
    expect(await askAt([rpc])).toEqual(paid);
    expect(methodsOf(rpc)).toEqual(["getGenesisHash getSlot", "getSignaturesForAddress", "getTransaction"]);
    expect(rpc.seen[1]?.[0]?.params).toEqual([
      PAYER,
      { limit: 200, commitment: "confirmed", minContextSlot: FINAL_SLOT },
    ]);
  });

  test("is a page after the other, until one has what is older than the claim", async () => {
    const rpc = await start([...others(450), old, transaction("older", { slot: old.slot - 1 })]);
    await askAt([rpc]);
    const listings = rpc.seen.flat().filter(({ method }) => method === "getSignaturesForAddress");
    expect(listings).toHaveLength(3);
  });

  test("is the next page also where one is short", async () => {
    const [newer, own] = [transaction("newer", { slot: payment.slot + 1 }), payment];
    expect(await ask([newer, own], pages([listed(newer)], [listed(own)]))).toEqual(paid);
  });

  test("is the failure once more, of final blocks alone", async () => {
    const rpc = await start([{ ...payment, err: failure }]);
    expect(await askAt([rpc], hint)).toEqual(canceled);
    expect(methodsOf(rpc)).toEqual(["getGenesisHash getTransaction", "getTransaction"]);
    expect(rpc.seen[1]?.[0]?.params[1]).toMatchObject({ commitment: "finalized" });
  });

  test("is how far back it remembers, where its list ended before the claim", async () => {
    const forgetful = { getFirstAvailableBlock: () => payment.slot };
    expect(await ask([], forgetful)).toMatchObject({ detail: "RPC 1 does not remember the time of the claim" });
    expect(await ask([old], forgetful)).toEqual(unused);
  });
});

describe("a transaction that the facilitator named", () => {
  const other = transaction("other");
  test.each<[string, string, readonly SolanaTransaction[]]>([
    ["is somebody else's", other.signature, [other, payment]],
    ["is not known", transaction("lost").signature, [payment]],
    ["is no signature", `0x${"7a".repeat(32)}`, [payment]],
    ["is empty", "", [payment]],
  ])("does not keep the payment from being found where it %s", async (_, named, transactions) => {
    expect(await ask(transactions, {}, { transaction: named })).toEqual(paid);
  });

  test("does not keep the rest from being answered where it cannot be shown", async () => {
    expect(await ask([], { getTransaction: refuse() }, hint)).toEqual(unused);
  });

  test("does not cost a second wait where the RPC does not answer", async () => {
    const rpc = await startFakeRpc({ serve: (response) => void response.socket?.destroy() });
    servers.push(rpc);
    expect(await askAt([rpc], hint)).toEqual({ kind: "unavailable", detail: "RPC 1 did not answer" });
    expect(rpc.seen).toHaveLength(1);
  });
});

type Listed = { readonly signature?: unknown } | null;
/** All that is listed, a page after the other. */
const pages = (...all: readonly (readonly Listed[])[]): Answers => ({
  getSignaturesForAddress: (_: string, { before }: { before?: string }) =>
    all[before === undefined ? 0 : all.findIndex((one) => one.at(-1)?.signature === before) + 1] ?? [],
});
const page = (...entries: readonly Listed[]) => pages(entries);
const showing = (changes: object) => ({ getTransaction: () => ({ ...shown(payment), ...changes }) });
const base64 = (bytes: Uint8Array) => ({ transaction: [Buffer.from(bytes).toString("base64"), "base64"] });
/** The same wire with another number of signatures before it. */
const counting = (count: number) => base64(Uint8Array.of(count, ...payment.wire.slice(1), ...new Uint8Array(2000)));

const broken: readonly (readonly [string, Answers])[] = [
  ["is on another chain", { getGenesisHash: () => `4uhcVJyU9pJkvQyS88uRDiswHXSCkY3zQawwpjk2NsNY` }],
  ["is on no chain", { getGenesisHash: () => [GENESIS] }],
  ["refuses its genesis", { getGenesisHash: refuse() }],
  ["has no slot", { getSlot: () => null }],
  ["refuses its slot", { getSlot: refuse() }],
  ["has a slot that is none", { getSlot: () => -1 }],
  ["refuses to list", { getSignaturesForAddress: refuse(-32011) }],
  ["has not seen the final block where it lists", { getSignaturesForAddress: refuse(-32016) }],
  ["has null for a list", { getSignaturesForAddress: () => null }],
  ["lists something else", page(listed(payment), { signature: payment.signature })],
  ["lists no signatures", page({ ...listed(payment), signature: "0x12" })],
  ["lists nothing that is anything", page(null)],
  ["lists in another order", page(listed(payment), listed(transaction("newer", { slot: payment.slot + 1 })))],
  ["lists more than it was asked for", page(...Array.from({ length: 201 }, () => listed(payment)))],
  [
    "lists newer ones after older ones",
    pages([listed(transaction("older", { slot: payment.slot - 1 }))], [listed(payment)]),
  ],
  ["lists the same for ever", { getSignaturesForAddress: () => [listed(transaction("same"))] }],
  ["refuses a transaction that it lists", { getTransaction: refuse() }],
  ["does not show a transaction that it lists", { getTransaction: () => null }],
  ["shows another transaction", { getTransaction: () => shown(transaction("other")) }],
  ["shows no outcome", showing({ meta: null })],
  ["shows half an outcome", showing({ meta: { fee: 5000 } })],
  ["shows no bytes", showing({ transaction: null })],
  ["shows a number for bytes", showing({ transaction: [1, "base64"] })],
  [
    "shows bytes in another alphabet",
    showing({ transaction: [Buffer.from(payment.wire).toString("base64"), "base58"] }),
  ],
  ["shows what is no base64", showing({ transaction: ["*", "base64"] })],
  ["shows nothing", showing(base64(new Uint8Array()))],
  ["shows a transaction without signatures", showing(counting(0))],
  ["shows a transaction of too many signatures", showing(counting(20))],
  ["shows a transaction without a message", showing(base64(payment.wire.slice(0, 129)))],
];

/** What matters only where nothing was found. */
const brokenSpans: readonly (readonly [string, Answers])[] = [
  ["does not say how far back it remembers", { getFirstAvailableBlock: () => null }],
  ["refuses to say how far back it remembers", { getFirstAvailableBlock: refuse() }],
  ["has null for blocks", { getBlocks: () => null }],
  ["has too few blocks", { getBlocks: (_: number, to: number) => [to - 1, to] }],
  [
    "has more blocks than it was asked for",
    { getBlocks: (from: number) => Array.from({ length: 1026 }, (_, i) => from + i) },
  ],
  [
    "has blocks that are none",
    { getBlocks: (from: number) => Array.from({ length: 200 }, (_, i) => (i ? from + i : null)) },
  ],
  ["has blocks in another order", { getBlocks: (from: number) => Array.from({ length: 200 }, (_, i) => from - i) }],
  ["has blocks to come", { getBlocks: (_: number, to: number) => Array.from({ length: 200 }, (_, i) => to + i) }],
  ["has no times", { getBlockTime: () => null }],
  ["has lost the first of its blocks", { getBlockTime: (slot: number) => (slot < FINAL_SLOT - 1024 ? null : 1) }],
  ["has lost the last of its blocks", { getBlockTime: (slot: number) => (slot < FINAL_SLOT - 1024 ? 1 : null) }],
  ["refuses times", { getBlockTime: refuse() }],
];

describe("an RPC that", () => {
  test.each(broken)("%s proves nothing, and the next one is asked", async (_, answers) => {
    const [bad, next] = await Promise.all([start([payment], answers), start([payment])]);
    const alone = await askAt([bad]);
    expect(alone).toMatchObject({ kind: "unavailable", detail: expect.stringMatching(/^RPC 1 ./) });
    expect(JSON.stringify(alone)).not.toContain("secret");
    expect(await askAt([bad, next])).toEqual(paid);
  });

  test.each(brokenSpans)("%s does not say that a payment is unused", async (_, answers) => {
    const [bad, next] = await Promise.all([start([], answers), start([])]);
    expect(await askAt([bad])).toMatchObject({ kind: "unavailable", detail: expect.stringMatching(/^RPC 1 ./) });
    expect(await askAt([bad, next])).toEqual(unused);
  });

  test("refuses to show a failure as final does not say that it is", async () => {
    const failed = { ...payment, err: failure };
    const getTransaction = (_: string, { commitment }: { commitment: string }) =>
      commitment === "finalized" ? refuse()() : shown(failed);
    expect(await ask([failed], { getTransaction })).toMatchObject(unavailable);
  });

  test("shows another outcome as final is not believed either way", async () => {
    const failed = { ...payment, err: failure };
    const getTransaction = (_: string, { commitment }: { commitment: string }) =>
      shown(commitment === "finalized" ? payment : failed);
    expect(await ask([failed], { getTransaction })).toMatchObject(unavailable);
  });

  test("is of another family of chains proves nothing", async () => {
    const rpc = await startFakeRpc();
    servers.push(rpc);
    expect(await askAt([rpc])).toMatchObject({ detail: "RPC 1 refused with code -32601" });
  });
});
