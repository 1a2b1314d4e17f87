import { afterEach, describe, expect, test } from "vitest";
import { buildHistory, type History, readNetwork } from "../../../src/chain/index.ts";
import { type FakeChain, type FakeRpc, HEAD, RpcRefusal, startFakeRpc } from "../../support/fake-rpc.ts";
import type { TestServer } from "../../support/server.ts";
import {
  authorization,
  FINAL_SLOT,
  FIRST_SLOT,
  failure,
  HEAD_SLOT,
  hasBlock,
  listed,
  PAYER,
  type SolanaTransaction,
  secondsOf,
  shown,
  solana,
  transaction,
} from "../../support/solana-chain.ts";

const { network, asset, payTo } = authorization;
const ACCOUNT = "9o1FisE366msTQcEvXapyMorTLmvezrxSD8DnM5e5XKw";
const SECOND = "BzWbGbyFPFTPTjbVc1FKDVZTAb7tGxy6Y5hQxwE7VHfx";
const OTHER = "4uQeVj5tqViQh7yWWGStvkEG1Zmhx6uasJtWCJziofM";
const SLOT = FINAL_SLOT - 500;

const servers: TestServer[] = [];
afterEach(async () => {
  await Promise.all(servers.splice(0).map((server) => server.stop()));
});

type Answers = FakeChain["answers"];
type Held = readonly (readonly [owner: string, amount: number, mint?: string])[];

interface Moved extends SolanaTransaction {
  readonly before: Held;
  readonly after: Held;
}

const moved = (name: string, before: Held, after: Held, changes: Partial<SolanaTransaction> = {}): Moved => ({
  ...transaction(name, { slot: SLOT, ...changes }),
  before,
  after,
});
/** The payer pays the payee so much. */
const paying = (name: string, amount: number, slot = SLOT): Moved =>
  moved(
    name,
    [
      [PAYER, 100],
      [payTo, 5],
    ],
    [
      [PAYER, 100 - amount],
      [payTo, 5 + amount],
    ],
    { slot },
  );

const balances = (held: Held) =>
  held.map(([owner, amount, mint = asset], accountIndex) => ({
    accountIndex,
    mint,
    owner,
    uiTokenAmount: { amount: String(amount), decimals: 6, uiAmount: amount / 1e6 },
  }));
const withBalances = (one: Moved) => ({
  ...shown(one),
  meta: { err: one.err, preTokenBalances: balances(one.before), postTokenBalances: balances(one.after) },
});

function answersOf(transactions: readonly Moved[], accounts: readonly string[] = [ACCOUNT]): Answers {
  const newestFirst = transactions.toSorted((a, b) => b.slot - a.slot);
  return {
    ...solana([]),
    getTokenAccountsByOwner: (owner: string, { mint }: { mint: string }) => ({
      context: { slot: HEAD_SLOT },
      value: owner === payTo && mint === asset ? accounts.map((pubkey) => ({ pubkey, account: {} })) : [],
    }),
    getSignaturesForAddress: (account: string, { before }: { before?: string }) => {
      const from = before === undefined ? 0 : newestFirst.findIndex(({ signature }) => signature === before) + 1;
      return accounts.includes(account) ? newestFirst.slice(from, from + 200).map(listed) : [];
    },
    getTransaction: (signature: string) => {
      const found = transactions.find((one) => one.signature === signature);
      return found ? withBalances(found) : null;
    },
  };
}

async function start(answers: Answers): Promise<FakeRpc> {
  const rpc = await startFakeRpc({ answers });
  servers.push(rpc);
  return rpc;
}

const historyOf = (...rpcs: readonly FakeRpc[]): History =>
  buildHistory(network, { urls: rpcs.map(({ url }) => url), timeoutMs: 4000 });
const query = { asset, payTo, fromBlock: FIRST_SLOT, toBlock: HEAD_SLOT };

async function transfersIn(transactions: readonly Moved[], changes: Answers = {}, accounts?: readonly string[]) {
  const rpc = await start({ ...answersOf(transactions, accounts), ...changes });
  return historyOf(rpc).readTransfers(query);
}

describe("the transfers to a payee on Solana", () => {
  test("are listed with what a book needs to be held against them, from the oldest on", async () => {
    const [first, second] = [paying("first", 7), paying("second", 8, SLOT + 1)];
    const of = ({ signature, slot }: Moved, value: bigint) => ({
      transaction: signature,
      logIndex: 0,
      from: PAYER,
      to: payTo,
      value,
      blockNumber: slot,
    });
    expect(await transfersIn([second, first])).toEqual({ ok: true, value: [of(first, 7n), of(second, 8n)] });
  });

  test.each<[string, Moved, readonly object[]]>([
    ["that failed moved nothing", { ...paying("failed", 7), err: failure }, []],
    [
      "of the payee's own paid it nothing",
      moved(
        "own",
        [[payTo, 9]],
        [
          [payTo, 4],
          [OTHER, 5],
        ],
      ),
      [],
    ],
    ["of another token is none", moved("token", [[PAYER, 9, OTHER]], [[payTo, 9, OTHER]]), []],
    ["that made the payee's account is one", moved("new", [[PAYER, 9]], [[payTo, 9]]), [{ from: PAYER, value: 9n }]],
    [
      "of two payers has none of them for its own",
      moved(
        "two",
        [
          [PAYER, 9],
          [OTHER, 9],
        ],
        [[payTo, 18]],
      ),
      [{ from: "", value: 18n }],
    ],
    ["out of nothing has no payer", moved("minted", [], [[payTo, 3]]), [{ from: "", value: 3n }]],
    [
      "from one account of a payer's to another is that of what is left",
      moved(
        "change",
        [
          [PAYER, 9],
          [PAYER, 0],
        ],
        [
          [PAYER, 2],
          [PAYER, 3],
          [payTo, 4],
        ],
      ),
      [{ from: PAYER, value: 4n }],
    ],
  ])("one %s", async (_, one, expected) => {
    const found = await transfersIn([one]);
    expect(found.ok && found.value).toEqual(expected.map((transfer) => expect.objectContaining(transfer)));
  });

  test("are those of the blocks that are named, their ends included", async () => {
    const slots = [SLOT - 1, SLOT, SLOT + 5, SLOT + 6];
    const rpc = await start(answersOf(slots.map((slot, i) => paying(`at ${slot}`, i + 1, slot))));
    const found = await historyOf(rpc).readTransfers({ ...query, fromBlock: SLOT, toBlock: SLOT + 5 });
    expect(found.ok && found.value.map(({ value }) => value)).toEqual([2n, 3n]);
    const listing = rpc.seen.flat().find(({ method }) => method === "getSignaturesForAddress");
    expect(listing?.params[1]).toMatchObject({ minContextSlot: SLOT + 5 });
  });

  test("are all found, and none twice, whatever accounts the payee has", async () => {
    const many = Array.from({ length: 410 }, (_, i) => paying(`payment ${i}`, 1, SLOT - i));
    const found = await transfersIn(many, {}, [ACCOUNT, SECOND]);
    expect(found.ok && found.value).toHaveLength(410);
  });

  test("are in the chain's order, whichever account they came to", async () => {
    const [first, second] = [paying("first", 1, SLOT), paying("second", 2, SLOT + 1)];
    const lists = [[second], [], [first], []];
    const answers = { getSignaturesForAddress: () => lists.shift()?.map(listed) };
    const found = await transfersIn([first, second], answers, [ACCOUNT, SECOND]);
    expect(found.ok && found.value.map(({ value }) => value)).toEqual([1n, 2n]);
  });

  test("are none where the payee has no account for the token", async () => {
    expect(await transfersIn([], {}, [])).toEqual({ ok: true, value: [] });
  });

  test.each<[string, Answers]>([
    ["remembers less", { getFirstAvailableBlock: () => FIRST_SLOT + 1 }],
    ["does not say what it remembers", { getFirstAvailableBlock: () => null }],
    ["does not know the payee's accounts", { getTokenAccountsByOwner: () => null }],
    ["has accounts without names", { getTokenAccountsByOwner: () => ({ value: [{ pubkey: 7 }] }) }],
    ["has accounts that are none", { getTokenAccountsByOwner: () => ({ value: [null] }) }],
    ["refuses the payee's accounts", { getTokenAccountsByOwner: refuse }],
    ["refuses to list", { getSignaturesForAddress: refuse }],
    ["refuses transactions", { getTransaction: refuse }],
    ["has not what it lists", { getTransaction: () => null }],
    ["shows no outcome", { getTransaction: () => ({ meta: null }) }],
    ["shows no balances before", { getTransaction: () => ({ meta: { postTokenBalances: [] } }) }],
    ["shows no balances after", { getTransaction: () => ({ meta: { preTokenBalances: [] } }) }],
    ["shows balances that are none", showing(null)],
    ["shows balances of nobody", showing({ mint: asset, uiTokenAmount: { amount: "1" } })],
    ["shows balances without an amount", showing({ mint: asset, owner: payTo })],
    ["shows balances in fractions", showing({ mint: asset, owner: payTo, uiTokenAmount: { amount: "1.5" } })],
  ])("are not told by an RPC that %s", async (_, answers) => {
    const [bad, next] = await Promise.all([
      start({ ...answersOf([paying("one", 7)]), ...answers }),
      start(answersOf([])),
    ]);
    expect(await historyOf(bad).readTransfers(query)).toMatchObject({
      ok: false,
      error: expect.stringMatching(/^RPC 1 /),
    });
    expect(await historyOf(bad, next).readTransfers(query)).toEqual({ ok: true, value: [] });
  });
});

function refuse(): never {
  throw new RpcRefusal("no");
}

function showing(balance: unknown): Answers {
  return { getTransaction: () => ({ meta: { err: null, preTokenBalances: [], postTokenBalances: [balance] } }) };
}

describe("blocks and times on Solana", () => {
  test("are the head's, as it is confirmed", async () => {
    const history = historyOf(await start(solana([])));
    expect(await history.latestBlock()).toEqual({
      ok: true,
      value: { number: HEAD_SLOT, timeMs: secondsOf(HEAD_SLOT) * 1000 },
    });
    expect(await history.timeOf(SLOT)).toEqual({ ok: true, value: secondsOf(SLOT) * 1000 });
  });

  test.each([HEAD_SLOT - 300_000, SLOT, SLOT + 7, HEAD_SLOT - 10])(
    "are found by a time, that of slot %d",
    async (slot) => {
      const rpc = await start(solana([]));
      const found = await historyOf(rpc).blockAt(secondsOf(slot) * 1000);
      const number = found.ok ? found.value : expect.fail(found.error);
      expect(hasBlock(number)).toBe(true);
      expect(secondsOf(number)).toBeLessThanOrEqual(secondsOf(slot));
      expect(slot - number).toBeLessThan(300);
      expect(rpc.seen.length).toBeLessThan(40);
    },
  );

  test("are found by the time of the first that is remembered", async () => {
    const found = await historyOf(await start(solana([]))).blockAt(secondsOf(FIRST_SLOT) * 1000);
    expect(found).toMatchObject({ ok: true });
  });

  test("are found where the last slots have no blocks", async () => {
    const answers = { ...solana([]), getBlocksWithLimit: () => [HEAD_SLOT] };
    const found = await historyOf(await start(answers)).blockAt(secondsOf(HEAD_SLOT) * 1000);
    expect(found).toEqual({ ok: true, value: FIRST_SLOT });
  });

  test("are the first of all where the chain began later, and unknown where they are forgotten", async () => {
    const early = secondsOf(FIRST_SLOT - 10) * 1000;
    expect(
      await historyOf(await start({ ...solana([]), getFirstAvailableBlock: () => 0, getBlockTime: () => 1e9 })).blockAt(
        1e9,
      ),
    ).toEqual({ ok: true, value: 0 });
    expect(await historyOf(await start(solana([]))).blockAt(early)).toEqual({
      ok: false,
      error: "RPC 1 does not remember that time",
    });
  });

  test.each<[string, Answers]>([
    ["has no head", { getSlot: () => null }],
    ["does not say what it remembers", { getFirstAvailableBlock: refuse }],
    ["has no times", { getBlockTime: () => null }],
    ["has lost its first block", { getBlockTime: (slot: number) => (slot === FIRST_SLOT ? null : secondsOf(slot)) }],
    [
      "has no times between",
      { getBlockTime: (slot: number) => (slot === HEAD_SLOT || slot === FIRST_SLOT ? secondsOf(slot) : null) },
    ],
    ["refuses blocks", { getBlocksWithLimit: refuse }],
    ["has null for blocks", { getBlocksWithLimit: () => null }],
    ["has no blocks", { getBlocksWithLimit: () => [] }],
    ["has earlier blocks", { getBlocksWithLimit: (from: number) => [from - 1], getBlockTime: secondsOf }],
  ])("are not told by an RPC that %s", async (_, answers) => {
    const rpc = await start({ ...solana([]), ...answers });
    expect(await historyOf(rpc).blockAt(secondsOf(SLOT) * 1000)).toMatchObject({ ok: false });
  });
});

describe("which network an RPC is on", () => {
  const networkOf = (...rpcs: readonly TestServer[]) =>
    readNetwork({ urls: rpcs.map(({ url }) => url), timeoutMs: 4000 });

  test("it says itself, whatever the family of its chain", async () => {
    const [evm, svm] = await Promise.all([startFakeRpc(), start(solana([]))]);
    servers.push(evm);
    expect(await networkOf(evm)).toBe("eip155:84532");
    expect(await networkOf(svm)).toBe(network);
  });

  test("nobody knows where it says nothing of the kind, and the next one is asked", async () => {
    const none = await start({ eth_chainId: () => null, getGenesisHash: () => HEAD });
    const gone = await start({});
    await gone.stop();
    expect(await networkOf(none)).toBeNull();
    expect(await networkOf(gone, none, await start(solana([])))).toBe(network);
  });
});
