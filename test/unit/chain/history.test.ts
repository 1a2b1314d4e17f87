import { afterEach, describe, expect, test } from "vitest";
import { buildHistory, type History } from "../../../src/chain/index.ts";
import {
  type FakeChain,
  type FakeRpc,
  HEAD,
  json,
  RpcRefusal,
  secondsOf,
  startFakeRpc,
} from "../../support/fake-rpc.ts";
import { ASSET, NETWORK, PAY_TO } from "../../support/payment.ts";
import { mined, OTHER, PAYER, type RawReceipt, transfer, used } from "../../support/token-logs.ts";

const servers: FakeRpc[] = [];
afterEach(async () => {
  await Promise.all(servers.splice(0).map((server) => server.stop()));
});

async function start(chain: Partial<FakeChain> = {}): Promise<FakeRpc> {
  const rpc = await startFakeRpc(chain);
  servers.push(rpc);
  return rpc;
}

const historyOf = (...rpcs: readonly FakeRpc[]): History =>
  buildHistory(NETWORK, { urls: rpcs.map(({ url }) => url), timeoutMs: 1000 });

const hashOf = (block: number): string => `0x${String(block).padStart(64, "0")}`;
const payment = (block: number, value: number): RawReceipt => mined([used(), transfer(value)], hashOf(block), block);
const query = { asset: ASSET, payTo: PAY_TO, fromBlock: 1, toBlock: HEAD };
const receipts = [payment(1, 5), payment(2500, 6), payment(HEAD, 7)];
const rangesOf = ({ seen }: FakeRpc): readonly (readonly [number, number])[] =>
  seen
    .flat()
    .filter(({ method }) => method === "eth_getLogs")
    .map(({ params: [filter] }) => filter as { fromBlock: string; toBlock: string })
    .map(({ fromBlock, toBlock }) => [Number(fromBlock), Number(toBlock)]);

interface Range {
  readonly fromBlock: string;
  readonly toBlock: string;
}

/** Refuses what this refuses, and answers the payments of the rest. */
const refusing = (isRefused: (from: number, to: number) => boolean) => (range: Range) => {
  const [from, to] = [Number(range.fromBlock), Number(range.toBlock)];
  if (isRefused(from, to)) throw new RpcRefusal("query returned more than 10000 results");
  const within = ({ blockNumber }: RawReceipt): boolean => Number(blockNumber) >= from && Number(blockNumber) <= to;
  return receipts.filter(within).map(({ logs }) => logs[1]);
};

describe("the transfers to a payee", () => {
  test("are listed with what a book needs to be held against them", async () => {
    const { readTransfers } = historyOf(await start({ receipts: [payment(2500, 6)] }));
    const [from, to] = [PAYER.toLowerCase(), PAY_TO.toLowerCase()];
    const listed = { transaction: hashOf(2500), logIndex: 4, from, to, value: 6n, blockNumber: 2500 };
    expect(await readTransfers(query)).toEqual({ ok: true, value: [listed] });
  });

  test("are those of the range, its ends included, of this token and this payee", async () => {
    const others = [mined([transfer(1, OTHER), transfer(1, PAY_TO, PAYER, OTHER)], hashOf(7), 3000), payment(900, 1)];
    const rpc = await start({ receipts: [...receipts, ...others] });
    const found = await historyOf(rpc).readTransfers({ ...query, fromBlock: 2500 });
    expect(found.ok && found.value.map(({ value }) => value)).toEqual([6n, 7n]);
  });

  test.each([
    ["more than a thousand blocks", (from: number, to: number) => to - from >= 1000],
    [
      "more than three blocks around a busy one",
      (from: number, to: number) => from <= 2500 && to >= 2500 && to - from > 3,
    ],
  ])("are all found, and none twice, where %s are refused", async (_, isRefused) => {
    const rpc = await start({ answers: { eth_getLogs: refusing(isRefused) } });
    const found = await historyOf(rpc).readTransfers(query);
    expect(found.ok && found.value.map(({ value }) => value)).toEqual([5n, 6n, 7n]);
    const answered = rangesOf(rpc).filter(([from, to]) => !isRefused(from, to));
    expect(answered.map(([from]) => from)).toEqual([1, ...answered.map(([, to]) => to + 1).slice(0, -1)]);
    expect(answered.at(-1)?.[1]).toBe(HEAD);
  });

  test("are found where a long answer is cut, as if it were refused", async () => {
    const serve: FakeChain["serve"] = (response, replies, calls) => {
      const [range] = (calls.find(({ method }) => method === "eth_getLogs")?.params ?? []) as readonly Range[];
      const isLong = range !== undefined && Number(range.toBlock) - Number(range.fromBlock) > 100;
      return isLong ? void response.end("x".repeat(3_000_000)) : json(response, replies);
    };
    const found = await historyOf(await start({ receipts, serve })).readTransfers(query);
    expect(found.ok && found.value).toHaveLength(3);
  });

  test("are not listed in part: where one block is refused for ever, the next RPC is asked from the beginning", async () => {
    const bad = await start({ answers: { eth_getLogs: refusing((from, to) => from <= 2500 && to >= 2500) } });
    expect(await historyOf(bad).readTransfers(query)).toEqual({ ok: false, error: "RPC 1 refused with code -32005" });
    const found = await historyOf(bad, await start({ receipts })).readTransfers(query);
    expect(found.ok && found.value).toHaveLength(3);
  });

  test("are not listed as none by a machine that has not seen the last block", async () => {
    const behind = await start({ answers: { eth_getBlockByNumber: () => null } });
    const error = "RPC 1 has not seen the last of these blocks";
    expect(await historyOf(behind).readTransfers(query)).toEqual({ ok: false, error });
    const found = await historyOf(behind, await start({ receipts })).readTransfers(query);
    expect(found.ok && found.value).toHaveLength(3);
  });

  test("are none in a range that is none", async () => {
    const rpc = await start({ receipts });
    expect(await historyOf(rpc).readTransfers({ ...query, fromBlock: HEAD + 1 })).toEqual({ ok: true, value: [] });
    expect(rpc.seen).toEqual([]);
  });

  test("are not taken from another chain", async () => {
    const rpc = await start({ receipts, answers: { eth_chainId: () => "0x1" } });
    expect(await historyOf(rpc).readTransfers(query)).toEqual({ ok: false, error: "RPC 1 is on another chain" });
  });

  test.each([
    ["another token's", mined([transfer(1, PAY_TO, PAYER, OTHER)])],
    ["another payee's", mined([transfer(1, OTHER)])],
    ["of another event", mined([used()])],
    ["of a block before the range", payment(2, 1)],
    ["of a block behind the range", payment(HEAD + 1, 1)],
  ])("are not believed where one that was not asked for is among them: %s", async (_, stray) => {
    const answers = { eth_getLogs: () => stray.logs.slice(-1) };
    const found = await historyOf(await start({ answers })).readTransfers({ ...query, fromBlock: 4500 });
    expect(found).toEqual({ ok: false, error: "RPC 1 has other logs than it was asked for" });
  });

  test.each([
    ["has no value", { ...transfer(), data: "0x" }],
    ["has a list for a value", { ...transfer(), data: `${transfer().data}${"00".repeat(32)}` }],
  ])("are not believed where one of them %s", async (_, event) => {
    const rpc = await start({ receipts: [mined([event])] });
    expect(await historyOf(rpc).readTransfers(query)).toMatchObject({ ok: false });
  });
});

describe("blocks", () => {
  test("the latest one is told with its time", async () => {
    const head = { number: HEAD, timeMs: secondsOf(HEAD) * 1000 };
    expect(await historyOf(await start()).latestBlock()).toEqual({ ok: true, value: head });
  });

  test.each([
    ["of the first block", secondsOf(0) * 1000, 0],
    ["before the first block", 0, 0],
    ["of a block", secondsOf(4321) * 1000, 4321],
    ["between two blocks", secondsOf(4321) * 1000 + 1999, 4321],
    ["of the head", secondsOf(HEAD) * 1000, HEAD],
    ["to come", secondsOf(HEAD + 100) * 1000, HEAD],
  ])("a time %s has its block", async (_, timeMs, number) => {
    expect(await historyOf(await start()).blockAt(timeMs)).toEqual({ ok: true, value: number });
  });

  test("of an RPC whose times fall are not believed", async () => {
    const answers = {
      eth_getBlockByNumber: (tag: string) => ({
        number: tag === "latest" ? "0x1770" : tag,
        timestamp: tag === "latest" ? "0x6b49d200" : `0x${(9000 - Number(tag)).toString(16)}`,
      }),
    };
    const found = await historyOf(await start({ answers })).blockAt(5000 * 1000);
    expect(found).toEqual({ ok: false, error: "RPC 1 has blocks whose times fall" });
  });

  test("have the times that they were made at", async () => {
    const history = historyOf(await start());
    expect(await history.timeOf(5000)).toEqual({ ok: true, value: secondsOf(5000) * 1000 });
    const refuse = (): never => {
      throw new RpcRefusal("pruned");
    };
    for (const answer of [() => null, refuse]) {
      const lost = await start({ answers: { eth_getBlockByNumber: answer } });
      expect(await historyOf(lost).timeOf(5000)).toMatchObject({ ok: false });
    }
  });
});
