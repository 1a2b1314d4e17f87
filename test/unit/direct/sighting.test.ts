import { afterEach, describe, expect, test } from "vitest";
import { buildEndpoints, failOver } from "../../../src/chain/index.ts";
import { sight } from "../../../src/direct/sighting.ts";
import { type FakeRpc, HEAD, RpcRefusal, startFakeRpc } from "../../support/fake-rpc.ts";
import { NETWORK } from "../../support/payment.ts";
import type { TestServer } from "../../support/server.ts";
import { authorization, mined, OTHER, type RawReceipt, TRANSACTION, transfer, used } from "../../support/token-logs.ts";

const RELAYER = "0xf39Fd6e51aad88F6F4ce6aB8827279cffFb92266";
const hashes = Array.from({ length: 14 }, (_, i) => `0x${(i + 10).toString(16).padStart(64, "0")}`);

const servers: TestServer[] = [];
afterEach(async () => {
  await Promise.all(servers.splice(0).map((server) => server.stop()));
});

async function start(receipts: readonly RawReceipt[], answers = {}): Promise<FakeRpc> {
  const rpc = await startFakeRpc({ receipts, answers: { eth_getTransactionCount: () => "0x7", ...answers } });
  servers.push(rpc);
  return rpc;
}

const look = ({ url }: TestServer, watched: readonly string[], confirmations = 1) =>
  failOver(buildEndpoints({ urls: [url], timeoutMs: 4_000 }, globalThis), NETWORK, (_, askEach) =>
    sight(askEach, { relayer: RELAYER, hashes: watched, authorization, confirmations }),
  );

const seen = async (receipts: readonly RawReceipt[], confirmations = 1) =>
  look(await start(receipts), [TRANSACTION], confirmations);

const paid = (block = HEAD) => mined([used(), transfer()], TRANSACTION, block);
const waitingWith = (shallow: string | null) => ({ ok: true, value: { kind: "waiting", usedNonces: 7, shallow } });
const waiting = waitingWith(null);

describe("a payment's transaction is", () => {
  test.each([
    ["settled where it moved the amount to the payee", paid(), "settled"],
    [
      "strange where it moved it to somebody else",
      mined([used(), transfer(10000, OTHER)], TRANSACTION, HEAD),
      "strange",
    ],
    ["strange where it moved another amount", mined([used(), transfer(9999)], TRANSACTION, HEAD), "strange"],
    ["strange where it moved nothing", mined([], TRANSACTION, HEAD), "strange"],
    ["reverted where the chain says so", { ...mined([], TRANSACTION, HEAD), status: "0x0" }, "reverted"],
  ])("%s", async (_, receipt, kind) => {
    expect(await seen([receipt])).toEqual({ ok: true, value: { kind, transaction: TRANSACTION } });
  });

  test.each([
    ["it is in no block", []],
    ["its receipt is another's", [mined([used(), transfer()], hashes[0], HEAD)]],
    ["its receipt has no status", [{ ...paid(), status: "0x2" }]],
    ["its receipt has no block", [{ ...paid(), blockNumber: "latest" }]],
  ])("waiting where %s", async (_, receipts) => {
    expect(await seen(receipts)).toEqual(waiting);
  });

  test("waiting until its block is deep enough", async () => {
    expect(await seen([paid(HEAD - 1)], 3)).toEqual(waitingWith("settled"));
    expect(await seen([paid(HEAD - 2)], 3)).toMatchObject({ value: { kind: "settled" } });
    expect(await seen([{ ...mined([], TRANSACTION, HEAD - 1), status: "0x0" }], 3)).toEqual(waitingWith("reverted"));
  });
});

test("the one that was mined is found among many, in batches that every provider takes", async () => {
  const rpc = await start([mined([used(), transfer()], hashes[9], HEAD)]);
  expect(await look(rpc, hashes)).toEqual({ ok: true, value: { kind: "settled", transaction: hashes[9] } });
  expect(rpc.seen.map(({ length }) => length)).toEqual([10, 9]);
  expect(await look(await start([]), hashes)).toEqual(waiting);
  expect(await look(rpc, hashes.slice(5), 2)).toEqual(waitingWith("settled"));
});

const refuse = (): never => {
  throw new RpcRefusal("no");
};

test.each([
  ["does not say what was mined", { eth_getTransactionReceipt: refuse }],
  ["does not count the account's nonces", { eth_getTransactionCount: refuse }],
  ["has no latest block", { eth_getBlockByNumber: () => null }],
])("an RPC that %s says nothing", async (_, answers) => {
  expect(await look(await start([paid()], answers), [TRANSACTION])).toMatchObject({ ok: false });
});
