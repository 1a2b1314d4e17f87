import { numberToHex, pad } from "viem";
import { afterEach, describe, expect, test } from "vitest";
import { type Authorization, buildChain, type Fate } from "../../../src/chain/index.ts";
import {
  type FakeChain,
  type FakeRpc,
  HEAD,
  RpcRefusal,
  rawBlock,
  secondsOf,
  startFakeRpc,
} from "../../support/fake-rpc.ts";
import { ASSET } from "../../support/payment.ts";
import {
  invalidation,
  moving,
  NONCE,
  permitted,
  type RawTransaction,
  settling,
  settlingPart,
  settlingWithPermit,
} from "../../support/permit2-logs.ts";
import { PERMIT2 } from "../../support/permit2-payment.ts";
import type { TestServer } from "../../support/server.ts";
import { mined, OTHER, type RawEvent, TRANSACTION, transfer } from "../../support/token-logs.ts";

const TIMEOUT_MS = 4000;
const paid: Fate = { kind: "paid", transaction: TRANSACTION, amount: "10000" };
const canceled: Fate = { kind: "canceled" };
const unused: Fate = { kind: "unused", chainTimeMs: secondsOf(HEAD) * 1000 };
const unavailable = { kind: "unavailable" };
const OTHER_NONCE = (0x5678n << 8n).toString();
const TRANSFER_FROM = "0x23b872dd";
const STRANGE_TOKEN = "0x2222222222222222222222222222222222222222";
const hashOf = (i: number): string => pad(numberToHex(i + 1), { size: 32 });

const servers: TestServer[] = [];
afterEach(async () => {
  await Promise.all(servers.splice(0).map((server) => server.stop()));
});

async function start(chain: Partial<FakeChain>): Promise<FakeRpc> {
  const rpc = await startFakeRpc(chain);
  servers.push(rpc);
  return rpc;
}

const askAt = ({ url }: FakeRpc, changes: Partial<Authorization> = {}): Promise<Fate> =>
  buildChain({ urls: [url], timeoutMs: TIMEOUT_MS }).fateOf({ ...permitted, ...changes });
const ask = async (chain: Partial<FakeChain>, changes: Partial<Authorization> = {}): Promise<Fate> =>
  askAt(await start(chain), changes);

/** One transaction with these logs. */
const holding = (transaction: RawTransaction, ...events: readonly RawEvent[]): Partial<FakeChain> => ({
  transactions: [transaction],
  receipts: [mined(events, transaction.hash)],
});
/** The word of nonces, as it is from that block on. */
const usedFrom = (block: number): FakeChain["answers"] => ({
  eth_call: (_: object, at: string) => pad(Number(at) >= block ? "0x1" : "0x0", { size: 32 }),
});
const methodsOf = ({ seen }: FakeRpc) => seen.map((calls) => calls.map(({ method }) => method).join(" "));

describe("an unanswered settlement by Permit2", () => {
  const nested = { ...settling(), to: OTHER };

  test.each<[string, Partial<FakeChain>, object]>([
    ["is paid where the proxy was called with its nonce and moved its value", holding(settling(), transfer()), paid],
    ["is paid where the proxy was called with an allowance too", holding(settlingWithPermit(), transfer()), paid],
    ["is unused as of the head where its nonce is", { isUsed: false }, unused],
    ["is canceled where its owner gave the nonce up", { receipts: [mined([invalidation()])] }, canceled],
    [
      "is canceled where the nonce went meanwhile, and no such transfer was made",
      { answers: usedFrom(HEAD - 50) },
      canceled,
    ],
    [
      "is canceled where all such transfers are another nonce's",
      { ...holding(settling(OTHER_NONCE), transfer()), answers: usedFrom(HEAD - 50) },
      canceled,
    ],
    [
      "is canceled where all such transfers were asked of the token itself",
      { ...holding(moving(TRANSFER_FROM), transfer()), answers: usedFrom(HEAD - 50) },
      canceled,
    ],
    ...([{ token: OTHER }, { amount: 1n }, { to: OTHER }] as const).map(
      (signed): [string, Partial<FakeChain>, object] => [
        `is canceled where its nonce was signed for something else, which moved its value for another: ${Object.keys(signed)}`,
        { ...holding(settling(NONCE, undefined, undefined, signed), transfer()), answers: usedFrom(HEAD - 50) },
        canceled,
      ],
    ),
    [
      "is canceled where its nonce moved another value",
      { ...holding(settling(), transfer(1)), answers: usedFrom(HEAD - 50) },
      canceled,
    ],
    [
      "is canceled where another contract moved another value",
      { ...holding(nested, transfer(1)), answers: usedFrom(HEAD - 50) },
      canceled,
    ],
    ["is unknown where such a transfer was made by another contract", holding(nested, transfer()), unavailable],
    [
      "is unknown where another contract made one, though its owner gave the nonce up",
      holding(nested, transfer(), invalidation()),
      unavailable,
    ],
    ["is unknown where the nonce was gone long before the claim", {}, unavailable],
    [
      "is unknown where only other nonces were given up, and it was gone before",
      { receipts: [mined([invalidation(2n), invalidation(1n, 7n), invalidation(1n, undefined, OTHER)])] },
      unavailable,
    ],
  ])("%s", async (_, chain, fate) => {
    expect(await ask(chain)).toMatchObject(fate);
  });

  test("is found among many equal payments of its payer", async () => {
    const others = Array.from({ length: 20 }, (_, i) => hashOf(i));
    const chain = {
      transactions: [...others.map((hash, i) => settling(String(i << 8), undefined, hash)), settling()],
      receipts: [...others, TRANSACTION].map((hash, i) => mined([transfer()], hash, 5000 + i)),
    };
    expect(await ask(chain)).toEqual(paid);
  });

  test("is unknown among more equal payments than are looked at", async () => {
    const others = Array.from({ length: 40 }, (_, i) => hashOf(i));
    const among = (count: number) => ({
      transactions: [...others.slice(-count).map((hash, i) => settling(String(i << 8), undefined, hash)), settling()],
      receipts: [...others.slice(-count), TRANSACTION].map((hash, i) => mined([transfer()], hash, 5000 + i)),
      answers: usedFrom(HEAD - 50),
    });
    expect(await ask(among(39))).toEqual(paid);
    expect(await ask(among(40))).toMatchObject(unavailable);
  });

  test.each<[string, Partial<FakeChain>, object]>([
    ["paid", holding(settling(), transfer()), paid],
    ["canceled where no such transfer was made then", {}, canceled],
    ["canceled where its owner gave it up", holding(settling(), invalidation()), canceled],
    ["unknown where another contract made a transfer then", holding(nested, transfer()), unavailable],
  ])("is found where an RPC shows the logs of ten blocks at once: it is %s", async (_, chain, fate) => {
    const shown = (chain.receipts ?? []).flatMap(({ logs }) => logs);
    const eth_getLogs = ({ address, fromBlock, toBlock }: { address: string; fromBlock: string; toBlock: string }) => {
      if (Number(toBlock) - Number(fromBlock) >= 10) refuse();
      const isWithin = (block: string): boolean =>
        Number(block) >= Number(fromBlock) && Number(block) <= Number(toBlock);
      return shown.filter((log) => log.address.toLowerCase() === address.toLowerCase() && isWithin(log.blockNumber));
    };
    expect(await ask({ ...chain, answers: { ...usedFrom(5000), eth_getLogs } })).toMatchObject(fate);
  });

  test("is of the owner's nonce, whichever of its word that is", async () => {
    for (const [bit, word, isUsed] of [
      [255n, 1n << 255n, true],
      [255n, (1n << 255n) - 1n, false],
      [3n, 8n, true],
      [3n, 7n, false],
    ] as const) {
      const answers = { eth_call: () => numberToHex(word, { size: 32 }) };
      const fate = await ask({ answers }, { nonce: (BigInt(NONCE) + bit).toString() });
      expect(fate.kind).toBe(isUsed ? "unavailable" : "unused");
    }
  });
});

describe("such a transfer in a call that may have run a stranger's code, which may have settled the payment,", () => {
  /** Each proxy keeps calls back into itself out, and not into the other one. */
  const foreign = { owner: OTHER, token: STRANGE_TOKEN, nonce: "77", to: OTHER, facilitator: OTHER };
  test.each<[string, RawTransaction, readonly RawEvent[]]>([
    ["the other proxy, for a stranger's token", settlingPart(1n, foreign), [transfer()]],
    [
      "the other proxy, for a stranger who has the same nonce",
      settlingPart(1n, { ...foreign, nonce: NONCE }),
      [transfer()],
    ],
    [
      "the other proxy, for a token of the stranger's that the payer signed for, with another nonce",
      settlingPart(10000n, { token: STRANGE_TOKEN, nonce: OTHER_NONCE }),
      [transfer()],
    ],
    ["the proxy, for a stranger who is paid", settling(OTHER_NONCE, OTHER), [transfer()]],
    [
      "the proxy, for another payment of its payer's to its payee, of a token that tells whom it pays",
      settling(OTHER_NONCE, undefined, undefined, { amount: 1n }),
      [transfer(1), transfer()],
    ],
    [
      "the proxy, for an equal payment, and there are two such transfers",
      settling(OTHER_NONCE),
      [transfer(), transfer()],
    ],
    ["the token, in a way that nobody knows", moving("0x4000aea0"), [transfer()]],
    ["the token, for a stranger", moving(TRANSFER_FROM, OTHER), [transfer()]],
    ["the token, for somebody else who is paid", moving(TRANSFER_FROM, undefined, OTHER), [transfer()]],
    ["the token, for another value", moving(TRANSFER_FROM, undefined, undefined, 1n), [transfer()]],
  ])("does not cancel it: a call of %s", async (_, transaction, events) => {
    expect(await ask({ ...holding(transaction, ...events), answers: usedFrom(HEAD - 50) })).toMatchObject(unavailable);
  });
});

describe("what is asked of Permit2", () => {
  test("is the word that holds the owner's nonce", async () => {
    const rpc = await start({ isUsed: false });
    await askAt(rpc, { nonce: "511" });
    const owner = permitted.payer.slice(2).toLowerCase().padStart(64, "0");
    expect(rpc.seen[1]?.[0]?.params).toEqual([
      { to: PERMIT2, data: `0x4fe02b44${owner}${"1".padStart(64, "0")}` },
      `0x${HEAD.toString(16)}`,
    ]);
  });

  test("is the named transaction and its receipt first, which are enough where they pay", async () => {
    const rpc = await start(holding(settling(), transfer()));
    expect(await askAt(rpc, { transaction: TRANSACTION })).toEqual(paid);
    expect(methodsOf(rpc)).toEqual(["eth_chainId eth_getTransactionByHash eth_getTransactionReceipt"]);
  });
});

describe("a transaction that the facilitator named", () => {
  const reverted = { ...mined([transfer()]), status: "0x0" };
  test.each<[string, Partial<FakeChain>]>([
    ["was never mined", {}],
    ["settled another nonce", holding(settling(OTHER_NONCE), transfer())],
    ["settled another owner's nonce", holding(settling(NONCE, OTHER), transfer())],
    ["moved nothing", holding(settling())],
    ["moved another value", holding(settling(), transfer(9999))],
    ["moved another token", holding(settling(), transfer(undefined, undefined, undefined, OTHER))],
    ["paid somebody else", holding(settling(), transfer(undefined, OTHER))],
    ["went through another contract", holding({ ...settling(), to: OTHER }, transfer())],
    ["was reverted", { transactions: [settling()], receipts: [reverted] }],
    ["made a contract", holding({ ...settling(), to: null }, transfer())],
  ])("does not decide where it %s", async (_, chain) => {
    expect(await ask({ ...chain, isUsed: false }, { transaction: TRANSACTION })).toEqual(unused);
  });

  test("does not keep the rest from being answered where it cannot be shown", async () => {
    const answers = { eth_getTransactionByHash: refuse };
    expect(await ask({ isUsed: false, answers }, { transaction: TRANSACTION })).toEqual(unused);
  });
});

const refuse = (): never => {
  throw new RpcRefusal("no");
};

describe("an RPC that", () => {
  const good = holding(settling(), transfer());
  test.each<[string, Partial<FakeChain>]>([
    ["has no state of the nonce", { ...good, answers: { eth_call: () => "0x" } }],
    ["refuses logs", { ...good, answers: { eth_getLogs: refuse } }],
    ["refuses transactions", { ...good, answers: { eth_getTransactionByHash: refuse } }],
    ["has not the transaction of a transfer", { ...good, transactions: [], answers: usedFrom(HEAD - 50) }],
    [
      "shows another transaction",
      { ...good, answers: { eth_getTransactionByHash: () => settling(NONCE, undefined, hashOf(7)) } },
    ],
    [
      "shows a transaction without input",
      { ...good, answers: { eth_getTransactionByHash: () => ({ hash: TRANSACTION, to: ASSET }) } },
    ],
    [
      "shows a transaction to no address",
      { ...good, answers: { eth_getTransactionByHash: () => ({ ...settling(), to: 1 }) } },
    ],
    [
      "refuses the log of what owners gave up",
      { answers: { eth_getLogs: ({ address }: { address: string }) => (address === PERMIT2 ? refuse() : []) } },
    ],
    [
      "refuses the state of older blocks",
      { answers: { eth_call: (_: object, at: string) => (Number(at) === HEAD ? pad("0x1", { size: 32 }) : refuse()) } },
    ],
    [
      "cannot find where to begin",
      {
        ...good,
        answers: {
          eth_getBlockByNumber: (tag: string) => (tag === "latest" || Number(tag) === HEAD ? rawBlock(HEAD) : refuse()),
        },
      },
    ],
  ])("%s proves nothing", async (_, chain) => {
    expect(await ask(chain)).toMatchObject(unavailable);
  });

  test.each<[string, () => unknown]>([
    ["has lost", () => null],
    ["does not show any more", refuse],
  ])("%s the block where it began proves nothing", async (_, shown) => {
    let isBegun = false;
    const answers = {
      eth_getLogs: () => {
        isBegun = true;
        return [];
      },
      eth_getBlockByNumber: (tag: string) => {
        const number = tag === "latest" ? HEAD : Number(tag);
        return isBegun && number < HEAD ? shown() : rawBlock(number);
      },
    };
    expect(await ask({ answers: { ...usedFrom(HEAD - 50), ...answers } })).toMatchObject(unavailable);
  });

  test("says that such a transfer was made, and has no receipt of it, has not shown that it is paid", async () => {
    for (const answers of [{}, usedFrom(HEAD - 50)]) {
      const chain = { ...good, answers: { ...answers, eth_getTransactionReceipt: () => null } };
      expect(await ask(chain)).toMatchObject(unavailable);
    }
  });
});
