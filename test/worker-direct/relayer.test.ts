// The direct settlement where it runs: its object on the platform's SQLite, its calls over the platform's wire, and its
// signatures by the platform's WebAssembly; the chain is a real one.

import { runInDurableObject } from "cloudflare:test";
import { env } from "cloudflare:workers";
import { expect, inject, test } from "vitest";
import { buildDirect, DIRECT_DEFAULTS } from "../../src/direct/index.ts";
import { type Account, openAccount } from "../../src/schemes/index.ts";
import { buyer } from "../../tools/stack/accounts.ts";
import { NETWORK, type Payment, signPayment } from "../support/payment.ts";
import { account, type Relayer } from "./worker.ts";

const { RELAYER } = env as unknown as { RELAYER: DurableObjectNamespace<Relayer> };
const object = () => RELAYER.getByName(`${NETWORK}|${account.address}`.toLowerCase());

const directOf = (signer: Account) =>
  buildDirect(
    { ...DIRECT_DEFAULTS, network: NETWORK, urls: [inject("chain")], pollMs: 50 },
    { account: signer, open: (name) => RELAYER.getByName(name), nowMs: Date.now, random: Math.random },
  );
const direct = directOf(account);

const bodyOf = ({ accepted, payload }: Payment): string =>
  JSON.stringify({ x402Version: 2, paymentPayload: { accepted, payload }, paymentRequirements: accepted });
const pay = () => signPayment("10000", {}, buyer);
const expected = { payer: buyer.address, network: NETWORK };

const rows = (query: string): Promise<Record<string, SqlStorageValue>[]> =>
  runInDurableObject(object(), (_, { storage }) => storage.sql.exec(query).toArray());

test("twenty payments at once have twenty nonces and are all settled, each once", async () => {
  const payments = await Promise.all(Array.from({ length: 20 }, pay));
  for (const verdict of await Promise.all(payments.map((one) => direct.verify(bodyOf(one), expected)))) {
    expect(verdict).toEqual({ kind: "valid" });
  }
  const settlements = await Promise.all(payments.map((one) => direct.settle(bodyOf(one), expected)));
  expect(settlements.map(({ kind }) => kind)).toEqual(payments.map(() => "settled"));
  const sent = await rows("SELECT nonce, tx FROM sent ORDER BY nonce");
  expect(sent.map(({ nonce }) => nonce)).toEqual(payments.map((_, i) => i));
  expect(new Set(sent.map(({ tx }) => tx))).toEqual(
    new Set(settlements.map((one) => "transaction" in one && one.transaction)),
  );
  const again = await Promise.all(payments.map((one) => direct.settleAgain(bodyOf(one), expected)));
  expect(again).toEqual(settlements);
  expect(await rows("SELECT COUNT(*) AS count FROM signed")).toEqual([{ count: 20 }]);
});

test("an object that was ended knows what it has sent", async () => {
  const payment = await pay();
  const settled = await direct.settle(bodyOf(payment), expected);
  expect(settled.kind).toBe("settled");
  const ended = runInDurableObject(object(), (_, state) => state.abort("ended by a test"));
  await expect(ended).rejects.toThrow();
  expect(await direct.settleAgain(bodyOf(payment), expected)).toEqual(settled);
});

test("what is stuck is replaced there too, and the newest comes first", async () => {
  const id = "p-stuck";
  const fees = { maxFeePerGas: 2n, maxPriorityFeePerGas: 1n };
  const money = { payer: buyer.address, amount: 0n, funds: 0n, balance: 10n ** 18n };
  const call = { chainId: 84532, to: account.address, data: "0x", gas: 21_000, fees, validBeforeMs: 0, ...money };
  const taken = await object().take(account.address, { id, ...call, usedNonces: 900, pendingNonces: 900 });
  expect(taken).toMatchObject({ kind: "taken", sent: { nonce: 900 } });
  const tending = { id, chainId: 84532, relayer: account.address, usedNonces: 900, today: null, feeMax: 100n };
  const tended = await object().tend({ ...tending, resendMs: 0, replaceAfterMs: 0 });
  expect(tended.sent?.signed).toHaveLength(2);
  expect(tended.raws).toEqual([tended.sent?.signed[0]?.raw]);
  expect(await rows("SELECT max_fee FROM signed WHERE nonce = 900 ORDER BY rowid")).toEqual([
    { max_fee: "2" },
    { max_fee: "3" },
  ]);
});

/** One that is nobody else's, and what is taken there. */
function startObject(name: string) {
  const stub = RELAYER.getByName(name);
  const fees = { maxFeePerGas: 2n, maxPriorityFeePerGas: 1n };
  const call = { chainId: 84532, to: account.address, data: "0x", gas: 21_000, fees, validBeforeMs: 0 };
  const money = { payer: "0xab", amount: 1n, funds: 100n, balance: 10n ** 18n };
  const nonces = { usedNonces: 0, pendingNonces: 0 };
  return { stub, take: (id: string) => stub.take(account.address, { id, ...call, ...money, ...nonces }) };
}

test("who burned three is refused there, and what was sent on trust is counted", async () => {
  const { stub, take } = startObject("burned");
  for (const id of ["a", "b", "c"]) {
    expect(await take(id)).toMatchObject({ kind: "taken" });
    await stub.mark(id, "reverted");
  }
  expect(await take("d")).toEqual({ kind: "refused", reason: "payer_reverted_too_often", doubtful: [] });
  expect(await take("a")).toMatchObject({ kind: "taken", sent: { nonce: 0 } });
});

test("an outbox of before payers were counted goes on there", async () => {
  const { stub } = startObject("old");
  const old = `CREATE TABLE sent (
      nonce INTEGER PRIMARY KEY, id TEXT NOT NULL UNIQUE, recipient TEXT NOT NULL, data TEXT NOT NULL, gas INTEGER NOT NULL,
      valid_before INTEGER NOT NULL, tx TEXT, created_at INTEGER NOT NULL, sent_at INTEGER NOT NULL);
    CREATE TABLE signed (
      hash TEXT PRIMARY KEY, nonce INTEGER NOT NULL, raw TEXT NOT NULL, max_fee TEXT NOT NULL, priority_fee TEXT NOT NULL,
      signed_at INTEGER NOT NULL);
    CREATE INDEX signed_nonce ON signed (nonce);
    INSERT INTO sent VALUES (0, 'old', '0xab', '0x', 21000, 0, NULL, 0, 0);
    INSERT INTO signed VALUES ('0xaa', 0, '0xbb', '1', '1', 0);`;
  await runInDurableObject(stub, (_, { storage }) => void storage.sql.exec(old));
  await expect(runInDurableObject(stub, (_, state) => state.abort("ended by a test"))).rejects.toThrow();
  const again = startObject("old");
  expect(await again.stub.find("old")).toMatchObject({ nonce: 0, signed: [{ hash: "0xaa" }] });
  expect(await again.take("new")).toMatchObject({ kind: "taken", sent: { nonce: 1 } });
  await again.stub.mark("old", "settled");
});

test("nothing is signed for a relayer whose key is not there", async () => {
  const stranger = directOf(openAccount(buyer.privateKey) as Account);
  const settlement = await stranger.settle(bodyOf(await pay()), expected);
  expect(settlement).toEqual({ kind: "unknown", detail: "the outbox did not answer", transaction: null });
});
