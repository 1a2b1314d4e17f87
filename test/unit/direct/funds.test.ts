import { numberToHex } from "viem";
import { afterEach, describe, expect, test, vi } from "vitest";
import { buildPurse, readFunds } from "../../../src/direct/funds.ts";
import { HEAD, rawBlock, startFakeRpc } from "../../support/fake-rpc.ts";
import { NETWORK } from "../../support/payment.ts";
import type { TestServer } from "../../support/server.ts";
import { GWEI } from "./fixtures.ts";

const RELAYER = "0xf39Fd6e51aad88F6F4ce6aB8827279cffFb92266";
/** A usual transfer at two gwei, and a quarter of it for what a network may charge beside. */
const ONE = (110_000n * 2n * GWEI * 5n) / 4n;

const servers: TestServer[] = [];
afterEach(async () => {
  await Promise.all(servers.splice(0).map((server) => server.stop()));
});

async function read(balance: unknown, feeMax = 100n * GWEI, network = NETWORK) {
  const rpc: TestServer = await startFakeRpc({
    answers: {
      eth_getBlockByNumber: () => ({ ...rawBlock(HEAD), baseFeePerGas: numberToHex(GWEI / 2n) }),
      eth_gasPrice: () => numberToHex((3n * GWEI) / 2n),
      eth_getBalance: () => balance,
    },
  });
  servers.push(rpc);
  return readFunds(network, RELAYER, { urls: [rpc.url], timeoutMs: 4_000 }, feeMax);
}

describe("what a relayer has", () => {
  test("is told in settlements at today's price", async () => {
    const balance = 7n * ONE + 1n;
    expect(await read(numberToHex(balance))).toEqual({ ok: true, value: { balance, settlements: 7 } });
  });

  test("settles nothing while gas costs more than the cap", async () => {
    expect(await read(numberToHex(7n * ONE), GWEI)).toMatchObject({ ok: true, value: { settlements: 0 } });
  });

  test.each([
    ["does not say", null, NETWORK],
    ["is on another chain", "0x1", "eip155:1"],
  ])("is unknown where the RPC %s", async (_, balance, network) => {
    expect(await read(balance, GWEI, network)).toMatchObject({ ok: false });
  });
});

describe("an operator is warned", () => {
  function watch(settlementsMin: number) {
    const lines: string[] = [];
    const warn = vi.spyOn(console, "warn").mockImplementation((line: string) => void lines.push(line));
    const clock = { nowMs: 1_800_000_000_000 };
    const purse = buildPurse(settlementsMin, () => clock.nowMs);
    const look = (balance: bigint) => purse(NETWORK, RELAYER, balance, 110_000, 2n * GWEI);
    return { lines, clock, look, end: () => warn.mockRestore() };
  }

  test("when few settlements are left, and again after a while", () => {
    const { lines, clock, look, end } = watch(5);
    expect(look(5n * ONE)).toBe(5);
    expect(lines).toEqual([]);
    expect(look(5n * ONE - 1n)).toBe(4);
    clock.nowMs += 599_999;
    look(3n * ONE);
    expect(lines).toHaveLength(1);
    clock.nowMs += 1;
    look(2n * ONE);
    end();
    expect(lines.map((line) => JSON.parse(line))).toEqual([
      { event: "relayer_low", network: NETWORK, relayer: RELAYER, balance: String(5n * ONE - 1n), settlements: 4 },
      { event: "relayer_low", network: NETWORK, relayer: RELAYER, balance: String(2n * ONE), settlements: 2 },
    ]);
  });
});
