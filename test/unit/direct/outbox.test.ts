import { DatabaseSync } from "node:sqlite";
import { type Hex, parseTransaction, recoverTransactionAddress } from "viem";
import { beforeEach, describe, expect, test } from "vitest";
import { Outbox, type Wanted } from "../../../src/direct/outbox.ts";
import { signTransaction } from "../../../src/direct/transaction.ts";
import type { Sign, Tending } from "../../../src/direct/upkeep.ts";
import { type Account, openAccount } from "../../../src/schemes/index.ts";
import { openStore, type TestStore } from "../../support/sqlite.ts";
import { GWEI, KEY } from "./fixtures.ts";

const NOW = 1_800_000_000_000;
const DAY = 86_400_000;
const CAP = 100n * GWEI;
const PAYER = `0x${"cd".repeat(20)}`;
const OTHER = `0x${"ef".repeat(20)}`;
const account = openAccount(KEY) as Account;
const sign: Sign = (transaction) => signTransaction(transaction, account);

const wantedOf = (changes: Partial<Wanted> = {}): Wanted => ({
  id: "p-1",
  chainId: 84532,
  to: `0x${"ab".repeat(20)}`,
  data: "0x1234",
  gas: 90_000,
  fees: { maxFeePerGas: 2n * GWEI, maxPriorityFeePerGas: GWEI },
  validBeforeMs: NOW + 300_000,
  payer: PAYER,
  amount: 10_000n,
  funds: 10n ** 12n,
  balance: GWEI ** 2n,
  usedNonces: 0,
  pendingNonces: 0,
  ...changes,
});

const tendingOf = (changes: Partial<Tending> = {}): Tending => ({
  id: "p-1",
  chainId: 84532,
  relayer: account.address,
  usedNonces: 0,
  today: { maxFeePerGas: 2n * GWEI, maxPriorityFeePerGas: GWEI },
  feeMax: CAP,
  resendMs: 5_000,
  replaceAfterMs: 15_000,
  ...changes,
});

let store: TestStore;
let outbox: Outbox;
beforeEach(() => {
  store = openStore();
  outbox = new Outbox(store);
});

const take = (changes: Partial<Wanted> = {}, nowMs = NOW) => {
  const taken = outbox.take(wantedOf(changes), sign, nowMs);
  if (taken.kind !== "taken") throw new Error(taken.kind);
  return taken.sent;
};
const tend = (changes: Partial<Tending>, nowMs: number) => outbox.tend(tendingOf(changes), sign, nowMs);
/** Payments that were settled, each before the next. */
function havePaid(count: number, payer = PAYER): void {
  for (let i = 0; i < count; i++) {
    take({ id: `${payer}-paid-${i}`, payer });
    outbox.close(`${payer}-paid-${i}`, "0xaa");
  }
}
const read = (raw: string | undefined) => parseTransaction(raw as Hex);

describe("a payment", () => {
  test("gets the next nonce, and the transaction that is signed for it", async () => {
    const sent = take();
    expect(sent).toMatchObject({ id: "p-1", nonce: 0, transaction: null, createdAtMs: NOW });
    expect(sent.signed).toHaveLength(1);
    const [{ raw }] = sent.signed;
    expect(read(raw)).toMatchObject({
      ...{ type: "eip1559", chainId: 84532, to: `0x${"ab".repeat(20)}`, data: "0x1234", gas: 90_000n },
      ...{ maxFeePerGas: 2n * GWEI, maxPriorityFeePerGas: GWEI },
    });
    expect(await recoverTransactionAddress({ serializedTransaction: raw as `0x02${string}` })).toBe(account.address);
    expect(take({ id: "p-2" }).nonce).toBe(1);
  });

  test("that is asked for again gets the same, whatever is asked", () => {
    const sent = take();
    expect(
      take({ data: "0xff", usedNonces: 9, fees: { maxFeePerGas: 1n, maxPriorityFeePerGas: 1n } }, NOW + 1),
    ).toEqual(sent);
    expect(outbox.find("p-1")).toEqual(sent);
  });

  test("is there after a crash", () => {
    const sent = take();
    expect(new Outbox(store).find("p-1")).toEqual(sent);
  });

  test("has no nonce where it cannot be signed", () => {
    const broken: Sign = () => {
      throw new Error("no key");
    };
    expect(() => outbox.take(wantedOf(), broken, NOW)).toThrow("no key");
    expect(outbox.find("p-1")).toBeNull();
    expect(take().nonce).toBe(0);
  });

  test("that was settled stays settled by what settled it", () => {
    take();
    outbox.close("p-1", "0xaa");
    outbox.close("p-1", "0xbb");
    expect(outbox.find("p-1")?.transaction).toBe("0xaa");
  });
});

test("who merely asks leaves nothing behind", () => {
  expect(outbox.find("p-1")).toBeNull();
  outbox.close("p-1", "0xaa");
  expect(tend({}, NOW)).toEqual({ sent: null, raws: [] });
  expect(store.sql.exec("SELECT name FROM sqlite_master").toArray()).toEqual([]);
});

describe("a nonce", () => {
  test("that somebody else used is skipped", () => {
    expect(take({ usedNonces: 7, pendingNonces: 7 }).nonce).toBe(7);
    expect(take({ id: "p-2", usedNonces: 12, pendingNonces: 12 }).nonce).toBe(12);
  });

  test("that somebody else's waiting transaction has is skipped", () => {
    expect(take({ usedNonces: 7, pendingNonces: 9 }).nonce).toBe(9);
  });

  test("is not skipped for more than a node can hold", () => {
    expect(take({ usedNonces: 7, pendingNonces: 7 + 65 }).nonce).toBe(7);
    expect(take({ id: "p-2", usedNonces: 7, pendingNonces: 7 + 64 }).nonce).toBe(71);
  });

  test("that a lie put out of reach holds up nothing", () => {
    take({ usedNonces: 7, pendingNonces: 7 });
    const lost = take({ id: "p-2", usedNonces: 9_000_000, pendingNonces: 9_000_000 });
    expect(lost.nonce).toBe(9_000_000);
    const next = take({ id: "p-3", usedNonces: 7, pendingNonces: 7 });
    expect(next.nonce).toBe(8);
    // Nor is it filled up to there, or sent again before its time.
    expect(tend({ usedNonces: 9 }, NOW + 60_000).raws).toEqual([]);
    expect(tend({ usedNonces: 7 }, NOW + 60_000).raws.map((raw) => read(raw).nonce)).toEqual([7, 8]);
  });

  test("that a lie put out of reach is forgotten before others come to it", () => {
    const lost = take({ id: "lost", usedNonces: 300, pendingNonces: 300 });
    expect(lost.nonce).toBe(300);
    const nonces: number[] = [];
    for (let used = 0; used < 310; used++) {
      const at = NOW + (used + 1) * 60_000;
      const counts = { usedNonces: used, pendingNonces: used };
      nonces.push(take({ id: `p-${used}`, payer: OTHER, validBeforeMs: at + 300_000, ...counts }, at).nonce);
      outbox.close(`p-${used}`, "0xaa");
    }
    expect(nonces).toEqual(nonces.map((_, i) => i));
  });

  test("that a lie put out of reach is remembered for as long as its payment counts", () => {
    take({ id: "lost", usedNonces: 300, pendingNonces: 300 });
    const takeAt = (id: string, afterMs: number) => {
      outbox = new Outbox(store);
      take({ id, payer: OTHER }, NOW + afterMs);
      return outbox.find("lost")?.nonce ?? null;
    };
    // Its authorization lasts for five minutes.
    expect(takeAt("p-1", 3_900_000)).toBe(300);
    expect(takeAt("p-2", 3_900_001)).toBeNull();
    expect(take({ id: "lost", payer: OTHER }, NOW + 3_900_001).nonce).toBe(2);
  });

  test("is none that was seen in a block, whatever an RPC counts", () => {
    for (const id of ["p-1", "p-2", "p-3"]) take({ id, usedNonces: 200, pendingNonces: 200 });
    outbox.mark("p-2", "reverted");
    expect(take({ id: "p-4", usedNonces: 3, pendingNonces: 3 }).nonce).toBe(203);
  });

  test("is not handed out again by a node that is behind", () => {
    take({ usedNonces: 7, pendingNonces: 7 });
    expect(take({ id: "p-2", usedNonces: 3, pendingNonces: 3 }).nonce).toBe(8);
  });
});

describe("what is under way", () => {
  test("is no more than nodes hold for one account", () => {
    havePaid(64);
    for (let i = 0; i < 64; i++) take({ id: `p-${i}` });
    expect(outbox.take(wantedOf({ id: "p-64", payer: OTHER }), sign, NOW)).toEqual({ kind: "busy", doubtful: [] });
    expect(outbox.find("p-64")).toBeNull();
    expect(outbox.take(wantedOf({ id: "p-0" }), sign, NOW).kind).toBe("taken");
    expect(take({ id: "p-64", payer: OTHER, usedNonces: 65 }).nonce).toBe(128);
  });

  test("is sent again after a while, lowest nonce first, and then not at once", () => {
    const first = take();
    const second = take({ id: "p-2" }, NOW + 1_000);
    expect(tend({}, NOW + 4_999).raws).toEqual([]);
    expect(tend({}, NOW + 5_000).raws).toEqual([first.signed[0].raw]);
    expect(tend({}, NOW + 6_000).raws).toEqual([second.signed[0].raw]);
    expect(tend({}, NOW + 9_999).raws).toEqual([]);
    expect(tend({ id: "p-2" }, NOW + 14_000)).toEqual({
      sent: second,
      raws: [first.signed[0].raw, second.signed[0].raw],
    });
  });

  test("is not sent again once it is in a block", () => {
    take();
    expect(tend({ usedNonces: 1 }, NOW + DAY).raws).toEqual([]);
  });

  test("is sent again when the chain dropped the block that it was in, though it was settled", () => {
    const sent = take();
    outbox.close("p-1", sent.signed[0].hash);
    expect(tend({ usedNonces: 0 }, NOW + 5_000).raws).toEqual([sent.signed[0].raw]);
  });
});

describe("what would cost more than there is waits for what is under way:", () => {
  const answer = (changes: Partial<Wanted>) => outbox.take(wantedOf({ id: "p-2", ...changes }), sign, NOW).kind;
  /** A transaction's gas, and a quarter more. */
  const COST = (90_000n * 2n * GWEI * 5n) / 4n;

  test("the relayer's money for gas", () => {
    take();
    expect(answer({ payer: OTHER, balance: 2n * COST - 1n })).toBe("busy");
    // The same again at a price that has risen since.
    tend({}, NOW + 15_000);
    expect(answer({ payer: OTHER, balance: 2n * COST })).toBe("busy");
    expect(answer({ payer: OTHER, balance: COST + (COST * 9n) / 8n })).toBe("taken");
  });

  test("and not for what is in a block", () => {
    take();
    expect(answer({ payer: OTHER, usedNonces: 1, balance: COST })).toBe("taken");
  });

  test("the payer's money", () => {
    take();
    expect(answer({ funds: 19_999n })).toBe("busy");
    expect(answer({ funds: 19_999n, to: `0x${"12".repeat(20)}` })).toBe("taken");
    expect(answer({ id: "p-3", funds: 19_999n, payer: OTHER })).toBe("taken");
    expect(answer({ id: "p-4", funds: 20_000n })).toBe("taken");
    expect(answer({ id: "p-5", funds: 29_999n })).toBe("busy");
  });

  test("and not for what was paid, whose money is gone already", () => {
    take();
    outbox.close("p-1", "0xaa");
    expect(answer({ funds: 10_000n })).toBe("taken");
  });
});

describe("a payer's transactions that burned gas", () => {
  const HOUR = 3_600_000;
  const answer = (changes: Partial<Wanted> = {}, nowMs = NOW) => {
    const { doubtful: _, ...rest } = outbox.take(wantedOf({ id: "p-9", ...changes }), sign, nowMs);
    return rest.kind === "taken" ? rest.kind : rest;
  };
  const REFUSED = { kind: "refused", reason: "payer_reverted_too_often" };
  function burn(count: number, payer = PAYER, nowMs = NOW): void {
    for (let i = 0; i < count; i++) {
      take({ id: `${payer}-burned-${i}`, payer }, nowMs);
      outbox.mark(`${payer}-burned-${i}`, "reverted");
    }
  }

  test("end its trust with the third, for an hour, and leave no nonce behind", () => {
    burn(3);
    expect(answer()).toEqual(REFUSED);
    expect(outbox.find("p-9")).toBeNull();
    expect(answer({ id: "p-1", payer: OTHER })).toBe("taken");
    expect(answer({}, NOW + HOUR - 1)).toEqual(REFUSED);
    expect(answer({}, NOW + HOUR)).toBe("taken");
  });

  test("are none where somebody else was paid by the same authorization", () => {
    burn(3);
    outbox.close(`${PAYER}-burned-1`, "0xbb");
    expect(answer()).toBe("taken");
  });

  test("are none where the block was taken back", () => {
    burn(3);
    outbox.mark(`${PAYER}-burned-1`, null);
    expect(answer()).toBe("taken");
  });

  test("count after the object was ended", () => {
    burn(3);
    outbox = new Outbox(store);
    expect(answer()).toEqual(REFUSED);
  });

  test("keep nobody from hearing of what was sent before", () => {
    const sent = take({ id: "p-9" });
    burn(3);
    expect(outbox.take(wantedOf({ id: "p-9" }), sign, NOW)).toEqual({ kind: "taken", sent, doubtful: [] });
  });

  test("are waited for, so that no more than eight are out on trust", () => {
    for (let i = 0; i < 8; i++) take({ id: `p-${i}` });
    expect(answer()).toEqual({ kind: "busy" });
    outbox.mark("p-0", "strange");
    expect(answer()).toBe("taken");
  });

  test("are waited for, where they are in blocks and nobody has seen as what", () => {
    for (let i = 0; i < 8; i++) take({ id: `p-${i}` });
    expect(answer({ usedNonces: 8 })).toEqual({ kind: "busy" });
    // Two that paid are two of eight less, and two more that may be.
    for (const i of [0, 1]) outbox.mark(`p-${i}`, "settled");
    for (const i of [9, 10, 11, 12]) expect(answer({ id: `p-${i}`, usedNonces: 8 })).toBe("taken");
    expect(answer({ id: "p-13", usedNonces: 8 })).toEqual({ kind: "busy" });
  });

  test("of thirty strangers keep further strangers out, and nobody who has paid", () => {
    take({ id: "paid", payer: OTHER });
    outbox.close("paid", "0xaa");
    for (let i = 0; i < 10; i++) burn(3, `stranger-${i}`);
    expect(answer()).toEqual({ kind: "refused", reason: "relayer_reverted_too_often" });
    expect(answer({ id: "p-1", payer: OTHER })).toBe("taken");
    // What is sent to who has paid is sent on nobody's trust.
    outbox.mark("p-1", "reverted");
    expect(answer({}, NOW + HOUR)).toBe("taken");
  });
});

describe("what is in a block, and nobody has said as what, is shown to who comes by", () => {
  const shown = (nowMs: number, usedNonces = 2) => {
    const taken = outbox.take(wantedOf({ id: `p-${nowMs}`, payer: OTHER, usedNonces }), sign, nowMs);
    return taken.doubtful.map(({ id }) => id);
  };

  test("after half a minute, and after that once more", () => {
    const first = take();
    take({ id: "p-2" }, NOW + 1);
    expect(shown(NOW + 29_999)).toEqual([]);
    const taken = outbox.take(wantedOf({ id: "p-3", payer: OTHER, usedNonces: 2 }), sign, NOW + 30_000);
    expect(taken.doubtful).toEqual([first]);
    expect(shown(NOW + 30_001)).toEqual(["p-2"]);
    expect(shown(NOW + 59_999)).toEqual([]);
    expect(shown(NOW + 60_001)).toEqual(["p-1", "p-2"]);
  });

  test("and not what is in none, was seen, or is long gone", () => {
    take();
    take({ id: "p-2" });
    outbox.mark("p-1", "reverted");
    expect(shown(NOW + 30_000, 1)).toEqual([]);
    expect(shown(NOW + 3_600_000)).toEqual([]);
  });

  test("also to who is refused, or waits", () => {
    for (let i = 0; i < 8; i++) take({ id: `p-${i}` });
    const taken = outbox.take(wantedOf({ id: "p-9", usedNonces: 8 }), sign, NOW + 30_000);
    expect(taken).toMatchObject({
      kind: "busy",
      doubtful: [{ id: "p-0" }, { id: "p-1" }, { id: "p-2" }, { id: "p-3" }],
    });
  });

  test("but for what filled a gap, which is nobody's", () => {
    take({ usedNonces: 5, pendingNonces: 7 });
    tend({ usedNonces: 5 }, NOW + 15_000);
    outbox.mark("p-1", "settled");
    expect(shown(NOW + 60_000, 8)).toEqual([]);
  });
});

describe("an outbox of before payers were counted", () => {
  const OLD = `CREATE TABLE sent (
      nonce INTEGER PRIMARY KEY, id TEXT NOT NULL UNIQUE, recipient TEXT NOT NULL, data TEXT NOT NULL, gas INTEGER NOT NULL,
      valid_before INTEGER NOT NULL, tx TEXT, created_at INTEGER NOT NULL, sent_at INTEGER NOT NULL);
    CREATE TABLE signed (
      hash TEXT PRIMARY KEY, nonce INTEGER NOT NULL, raw TEXT NOT NULL, max_fee TEXT NOT NULL, priority_fee TEXT NOT NULL,
      signed_at INTEGER NOT NULL);
    CREATE INDEX signed_nonce ON signed (nonce);
    INSERT INTO sent VALUES (4, 'p-1', '0xab', '0x1234', 90000, 0, NULL, ${NOW}, ${NOW});
    INSERT INTO signed VALUES ('0xaa', 4, '0xbb', '1', '1', ${NOW})`;

  test("goes on with what it has sent, of which nothing is held against anybody", () => {
    const old = openStore();
    old.sql.exec(OLD);
    outbox = new Outbox(old);
    const [signed, transaction] = [[{ hash: "0xaa", raw: "0xbb" }], null];
    const sent = { id: "p-1", nonce: 4, to: "0xab", data: "0x1234", transaction, createdAtMs: NOW, signed };
    expect(outbox.find("p-1")).toEqual(sent);
    expect(outbox.take(wantedOf({ id: "p-1" }), sign, NOW)).toEqual({ kind: "taken", sent, doubtful: [] });
    expect(take({ id: "p-2", usedNonces: 4 }).nonce).toBe(5);
    outbox.mark("p-1", "reverted");
    outbox = new Outbox(old);
    expect(outbox.take(wantedOf({ id: "p-3", usedNonces: 5 }), sign, NOW + 30_000)).toMatchObject({ doubtful: [] });
  });
});

describe("what is stuck", () => {
  test("is replaced by the same call with the same nonce, for an eighth more", () => {
    const { signed } = take();
    const { sent, raws } = tend({}, NOW + 15_000);
    expect(sent?.signed.map(({ hash }) => hash)).toEqual([expect.any(String), signed[0].hash]);
    expect(raws).toEqual([sent?.signed[0].raw]);
    const [before, after] = [read(signed[0].raw), read(raws[0])];
    const price = { maxFeePerGas: (2n * GWEI * 9n) / 8n, maxPriorityFeePerGas: (GWEI * 9n) / 8n };
    expect({ ...after, r: 0, s: 0, v: 0, yParity: 0 }).toEqual({ ...before, ...price, r: 0, s: 0, v: 0, yParity: 0 });
  });

  test("waits twice as long for each further one", () => {
    take();
    const replacedAt: number[] = [];
    for (let s = 1, known = 1; s <= 110; s++) {
      const { sent } = tend({ resendMs: 0 }, NOW + s * 1_000);
      if (sent?.signed.length !== known) replacedAt.push(s);
      known = sent?.signed.length ?? 0;
    }
    expect(replacedAt).toEqual([15, 15 + 30, 15 + 30 + 60]);
  });

  test("is sent as it is where only another one before it is stuck", () => {
    take();
    const second = take({ id: "p-2" });
    const { raws } = tend({ id: "p-2" }, NOW + 15_000);
    expect(raws[1]).toBe(second.signed[0].raw);
    expect(outbox.find("p-1")?.signed).toHaveLength(2);
    expect(outbox.find("p-2")?.signed).toHaveLength(1);
  });

  test("is sent as it is where the cap lets no replacement", () => {
    const { signed } = take();
    expect(tend({ feeMax: 2n * GWEI, today: null }, NOW + DAY).raws).toEqual([signed[0].raw]);
    expect(outbox.find("p-1")?.signed).toHaveLength(1);
  });

  test("is not replaced without end", () => {
    take();
    for (let i = 1; i <= 40; i++) tend({ today: null, feeMax: GWEI ** 3n }, NOW + i * 1000 * DAY);
    expect(outbox.find("p-1")?.signed).toHaveLength(14);
  });

  const feesOf = (gwei: bigint) => ({ maxFeePerGas: gwei * GWEI, maxPriorityFeePerGas: GWEI });
  const LONG = { validBeforeMs: NOW + 1000 * DAY };
  /** Each as soon as it may be, and none before. */
  function replaceUpTo(count: number, today: Tending["today"]): number {
    let nowMs = NOW;
    for (let signed = 1; signed < count; signed++) {
      nowMs += 15_000 * 2 ** (signed - 1);
      expect(tend({ today, resendMs: 0 }, nowMs - 1).sent?.signed).toHaveLength(signed);
      expect(tend({ today, resendMs: 0 }, nowMs).sent?.signed).toHaveLength(signed + 1);
    }
    return nowMs;
  }

  test("at the cap, for however long, goes on at today's price when the cap is raised", () => {
    take(LONG);
    const nowMs = replaceUpTo(14, null) + 100 * DAY;
    const stuck = read(tend({ today: null }, nowMs).raws[0]).maxFeePerGas ?? 0n;
    expect(tend({ today: { maxFeePerGas: stuck, maxPriorityFeePerGas: GWEI } }, nowMs + DAY).sent?.signed).toHaveLength(
      14,
    );
    const raised = tend({ today: feesOf(90n) }, nowMs + 2 * DAY);
    expect(raised.sent?.signed).toHaveLength(15);
    expect(read(raised.raws[0])).toMatchObject({ maxFeePerGas: 90n * GWEI, data: "0x1234" });
    // And again in minutes, not in days.
    const dear = { today: feesOf(200n), feeMax: 300n * GWEI, resendMs: 0 };
    const againMs = nowMs + 2 * DAY + 32 * 15_000;
    expect(tend(dear, againMs - 1).sent?.signed).toHaveLength(15);
    expect(tend(dear, againMs).sent?.signed).toHaveLength(16);
  });

  test("that no node takes, whatever it offers, gives its place to nothing after a quarter of an hour", () => {
    const { signed } = take(LONG);
    take({ ...LONG, id: "p-2" });
    const nowMs = replaceUpTo(7, feesOf(2n));
    expect(nowMs - NOW).toBe(15_000 * (1 + 2 + 4 + 8 + 16 + 32));
    const [newest, ...older] = outbox.find("p-1")?.signed.map(({ raw }) => read(raw)) ?? [];
    expect(newest).toMatchObject({ nonce: 0, to: account.address.toLowerCase(), gas: 100_000n });
    expect(newest).not.toHaveProperty("data");
    expect(older.map(({ data }) => data)).toEqual(Array(6).fill("0x1234"));
    // What it is for stays: whoever sees another one of these mined knows what was paid.
    expect(outbox.find("p-1")).toMatchObject({ data: "0x1234", transaction: null });
    expect(outbox.find("p-1")?.signed.at(-1)).toEqual(signed[0]);
    expect(outbox.find("p-2")?.signed).toHaveLength(1);
  });

  test("for want of a price keeps its place", () => {
    take(LONG);
    replaceUpTo(9, null);
    const datas = outbox.find("p-1")?.signed.map(({ raw }) => read(raw).data);
    expect(datas).toEqual(Array(9).fill("0x1234"));
  });

  test("when its authorization is over gives its place to nothing, which costs less than a call that reverts", () => {
    take({ validBeforeMs: NOW + 60_000 });
    const [before] = tend({}, NOW + 179_999).raws;
    expect(read(before)).toMatchObject({ data: "0x1234" });
    const [after] = tend({}, NOW + 240_000).raws;
    expect(read(after)).toMatchObject({ nonce: 0, to: account.address.toLowerCase() });
    expect(read(after)).not.toHaveProperty("data");
  });
});

describe("a gap", () => {
  /** Two of somebody else's transactions waited before ours; the node has lost them. */
  const behindGap = () => take({ usedNonces: 5, pendingNonces: 7 });

  test("is filled with a transfer of nothing, when it was there for a while", () => {
    const sent = behindGap();
    expect(tend({ usedNonces: 5 }, NOW + 14_999).raws).toEqual([sent.signed[0].raw]);
    const { raws } = tend({ usedNonces: 5 }, NOW + 15_000);
    expect(raws.map((raw) => read(raw).nonce)).toEqual([5, 6]);
    for (const raw of raws) {
      expect(read(raw)).toMatchObject({ to: account.address.toLowerCase(), chainId: 84532 });
      expect(read(raw)).not.toHaveProperty("value");
      expect(read(raw)).not.toHaveProperty("data");
    }
    expect(tend({ usedNonces: 6 }, NOW + 16_000).raws).toEqual([]);
    expect(tend({ usedNonces: 7 }, NOW + 22_000).raws.map((raw) => read(raw).nonce)).toEqual([7]);
  });

  test("that is as long as an RPC can make it is filled eight at a time, whatever is mined meanwhile", () => {
    take({ usedNonces: 5, pendingNonces: 5 + 64 });
    const filled: (number | undefined)[] = [];
    for (let i = 0; i < 8; i++) {
      const { raws } = tend({ usedNonces: i < 4 ? 5 : 9 }, NOW + 15_000 + i);
      expect(raws).toHaveLength(8);
      filled.push(...raws.map((raw) => read(raw).nonce));
    }
    expect(filled).toEqual(Array.from({ length: 64 }, (_, i) => 5 + i));
    // One behind the other, from the lowest on.
    const nonces = tend({ usedNonces: 9 }, NOW + 60_000).raws.map((raw) => read(raw).nonce);
    expect(nonces).toEqual([9, 10, 11, 12, 13, 14, 15, 16]);
  });

  test("is not filled behind a payment of ours that waits: somebody else's may be mined in its turn", () => {
    take();
    take({ id: "p-2", pendingNonces: 2 });
    expect(tend({ usedNonces: 0 }, NOW + 16_000).raws.map((raw) => read(raw).nonce)).toEqual([0, 2]);
    expect(tend({ usedNonces: 1 }, NOW + 16_001).raws.map((raw) => read(raw).nonce)).toContain(1);
  });

  test("is not filled for more than the cap", () => {
    behindGap();
    const raws = tend({ usedNonces: 5, today: null }, NOW + 60_000).raws;
    expect(raws.map((raw) => read(raw).nonce)).toEqual([7]);
  });

  test("is none behind the last of ours", () => {
    take();
    expect(tend({ usedNonces: 1 }, NOW + 60_000).raws).toEqual([]);
  });
});

test("what was long ago is forgotten, and nothing that may still be mined or come again", () => {
  const ids = (): unknown[] =>
    store.sql
      .exec("SELECT id FROM sent ORDER BY nonce")
      .toArray()
      .map(({ id }) => id);
  take({ id: "old" });
  take({ id: "lasting", validBeforeMs: NOW + 200 * DAY });
  take({ id: "waiting" });
  outbox = new Outbox(store);
  take({ id: "new", usedNonces: 2, pendingNonces: 2 }, NOW + 91 * DAY);
  expect(ids()).toEqual(["lasting", "waiting", "new"]);
  expect(store.sql.exec("SELECT COUNT(*) AS count FROM signed").toArray()).toEqual([{ count: 3 }]);
});

test("an outbox writes no key", () => {
  const db = new DatabaseSync(":memory:");
  outbox = new Outbox(openStore(db));
  take();
  const written = JSON.stringify([db.prepare("SELECT * FROM sent").all(), db.prepare("SELECT * FROM signed").all()]);
  expect(written.toLowerCase()).not.toContain(KEY.slice(2));
});
