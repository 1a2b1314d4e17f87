// What is known of what a facilitator can do.

import { describe, expect, test } from "vitest";
import { type Accounts, Supported } from "../../../src/facilitator/supported.ts";
import { encodeBase58 } from "../../../src/std/index.ts";
import type { Abilities, Kind } from "../../../src/x402/index.ts";

const BASE = { scheme: "exact", network: "eip155:8453" } as const;
const POLYGON = { scheme: "exact", network: "eip155:137" } as const;
const listed = (network: string, x402Version = 2): Kind => ({ x402Version, scheme: "exact", network });

interface Word {
  kinds: readonly Kind[] | null;
  extensions: readonly string[];
  signers: Abilities["signers"];
  asked: number;
}

/** An isolate beside others; what the facilitator says may change. */
function open(notes = new Map<string, string>(), clock = { nowMs: 1_000_000 }, written: Partial<Accounts> = {}) {
  const facilitator: Word = { kinds: [listed(BASE.network)], extensions: ["bazaar"], signers: {}, asked: 0 };
  const ask = async (): Promise<Abilities | null> => {
    facilitator.asked++;
    const { kinds, extensions, signers } = facilitator;
    return kinds && { kinds, extensions, signers };
  };
  const kv = {
    read: async (key: string) => notes.get(key) ?? null,
    write: async (key: string, text: string) => void notes.set(key, text),
  };
  const supported = new Supported("https://f.example", ask, kv, () => clock.nowMs, written);
  return { supported, facilitator, notes, clock };
}

describe("what a facilitator can do", () => {
  test("is not known before it has said so", async () => {
    const { supported } = open();
    expect([supported.lists(BASE), supported.isStale()]).toEqual([null, true]);
    await supported.refresh();
    expect([supported.lists(BASE), supported.lists(POLYGON), supported.isStale()]).toEqual([true, false, false]);
  });

  test("is also which extensions it keeps the promise of", async () => {
    const { supported, notes, clock } = open();
    expect(supported.extends("bazaar")).toBeNull();
    await supported.refresh();
    expect([supported.extends("bazaar"), supported.extends("other")]).toEqual([true, false]);
    const cold = open(notes, clock);
    await cold.supported.refresh();
    expect([cold.supported.extends("bazaar"), cold.supported.extends("other")]).toEqual([true, false]);
  });

  test.each<[string, Kind, boolean]>([
    ["of another version", listed(BASE.network, 1), false],
    ["of another scheme", { ...listed(BASE.network), scheme: "upto" }, false],
    ["of its whole family", listed("eip155:*"), true],
    ["of another family", listed("solana:*"), false],
  ])("counts with a kind %s: %j is %s", async (_, kind, isListed) => {
    const { supported, facilitator } = open();
    facilitator.kinds = [kind];
    await supported.refresh();
    expect(supported.lists(BASE)).toBe(isListed);
  });

  test("is looked up once, also while that is under way, and again after ten minutes", async () => {
    const { supported, clock, facilitator } = open();
    const refreshed = supported.refresh();
    expect(supported.isStale()).toBe(false);
    await refreshed;
    clock.nowMs += 599_999;
    expect(supported.isStale()).toBe(false);
    clock.nowMs += 1;
    expect(supported.isStale()).toBe(true);
    facilitator.kinds = [listed(POLYGON.network)];
    await supported.refresh();
    expect([supported.lists(BASE), supported.lists(POLYGON), facilitator.asked]).toEqual([false, true, 2]);
  });

  test("is looked up again soon while nobody has ever said it, and then less and less often", async () => {
    const { supported, clock, facilitator } = open();
    facilitator.kinds = null;
    const pauses: number[] = [];
    for (let i = 0; i < 9; i++) {
      await supported.refresh();
      const sinceMs = clock.nowMs;
      while (!supported.isStale()) clock.nowMs += 5_000;
      pauses.push((clock.nowMs - sinceMs) / 1000);
    }
    expect(pauses).toEqual([5, 10, 20, 40, 80, 160, 320, 600, 600]);
  });

  test("is looked up once while it is under way, also the first time", () => {
    const { supported, clock } = open();
    void supported.refresh();
    expect(supported.isStale()).toBe(false);
    clock.nowMs += 5_000;
    expect(supported.isStale()).toBe(true);
  });

  test("is found by a cold isolate in the notes of another, which asks nobody", async () => {
    const { supported, notes, clock } = open();
    await supported.refresh();
    const cold = open(notes, clock);
    await cold.supported.refresh();
    expect([cold.supported.lists(BASE), cold.facilitator.asked]).toEqual([true, 0]);
  });

  test("stays what it was while the facilitator says nothing, in a cold isolate too", async () => {
    const { supported, notes, clock, facilitator } = open();
    await supported.refresh();
    clock.nowMs += 86_400_000;
    facilitator.kinds = null;
    await supported.refresh();
    const cold = open(notes, clock);
    cold.facilitator.kinds = null;
    await cold.supported.refresh();
    expect([supported.lists(BASE), cold.supported.lists(BASE), cold.facilitator.asked]).toEqual([true, true, 1]);
  });

  test("stays what it said last, whatever older note is still there: while it is asked again, and where it is silent", async () => {
    const notes = new Map<string, string>();
    const { supported, facilitator, clock } = open(notes);
    await supported.refresh();
    // A store that takes no write any more, and is read as ever.
    const old = [...notes];
    facilitator.kinds = [listed(POLYGON.network)];
    clock.nowMs += 600_000;
    await supported.refresh();
    for (const [key, text] of old) notes.set(key, text);
    facilitator.kinds = null;
    clock.nowMs += 600_000;
    const refreshed = supported.refresh();
    await supported.recall();
    expect([supported.lists(BASE), supported.lists(POLYGON)]).toEqual([false, true]);
    await refreshed;
    expect([supported.lists(BASE), supported.lists(POLYGON)]).toEqual([false, true]);
  });

  test("becomes what another isolate has heard since", async () => {
    const { supported, notes, clock } = open();
    await supported.refresh();
    const other = open(notes, clock);
    other.facilitator.kinds = [listed(POLYGON.network)];
    clock.nowMs += 600_000;
    await other.supported.refresh();
    await supported.recall();
    expect([supported.lists(BASE), supported.lists(POLYGON)]).toEqual([false, true]);
  });

  test.each(["nonsense", "[]", '{"kinds":3,"atMs":1}', '{"kinds":[]}', '{"kinds":[],"atMs":"1000000"}'])(
    "is not read from a note that is none: %s",
    async (text) => {
      const { supported } = open(new Map([["supported|https%3A%2F%2Ff.example", text]]));
      await supported.refresh();
      expect(supported.lists(BASE)).toBe(true);
    },
  );
});

describe("who pays the gas on Solana", () => {
  const DEVNET = "solana:EtWTRABZaYq6iMfeYKouRu166VU2xqa1";
  const MAINNET = "solana:5eykt4UsFv8P8NJdTREpY1vzqKqZKvdp";
  const [ALICE, BOB, CAROL] = [
    "2wKupLR9q6wXYppw8Gr2NvWxKBUqm4PPJKkQfoxHDBg4",
    "EwWqGE4ZFKLofuestmU4LDdK7XM1N4ALgdZccwYugwGd",
    "7xKXtg2CW87d97TXJSDpbD5jBkheTqA83TZRuJosgAsU",
  ] as const;
  const SOLANA = { scheme: "exact", network: DEVNET };
  const paidBy = (extra: unknown, network = DEVNET): Kind => ({ ...listed(network), extra });

  /** @param written in the table */
  async function saying(kinds: readonly Kind[] | null, signers: Abilities["signers"], written: string | null = null) {
    const { supported, facilitator } = open(new Map(), { nowMs: 1 }, { feePayer: written });
    Object.assign(facilitator, { kinds, signers });
    await supported.refresh();
    return {
      named: supported.settler(SOLANA),
      signsFor: [ALICE, BOB, CAROL].map((key) => supported.settlesAs(key, SOLANA)),
    };
  }

  test.each<[string, readonly Kind[], Abilities["signers"], string | null, readonly boolean[]]>([
    ["is named by its kind", [paidBy({ feePayer: ALICE })], {}, ALICE, [true, false, false]],
    ["is named by that of the family", [paidBy({ feePayer: ALICE }, "solana:*")], {}, ALICE, [true, false, false]],
    [
      "is the kind's before the signers, who are all taken",
      [paidBy({ feePayer: BOB })],
      { "solana:*": [ALICE, BOB], "eip155:*": [CAROL] },
      BOB,
      [true, true, false],
    ],
    [
      "is one of the signers where the kind names none",
      [paidBy({})],
      { [DEVNET]: [CAROL] },
      CAROL,
      [false, false, true],
    ],
    ["is another network's", [paidBy({ feePayer: ALICE }, MAINNET)], { [MAINNET]: [BOB] }, null, [false, false, false]],
    ["is another version's", [{ ...paidBy({ feePayer: ALICE }), x402Version: 1 }], {}, null, [false, false, false]],
    ["is another scheme's", [{ ...paidBy({ feePayer: ALICE }), scheme: "upto" }], {}, null, [false, false, false]],
    [
      "is no key",
      [paidBy({ feePayer: 1 }), paidBy(null), paidBy({ feePayer: "me" })],
      { "solana:*": ["you"] },
      null,
      [false, false, false],
    ],
  ])("%s", async (_, kinds, signers, named, signsFor) => {
    expect(await saying(kinds, signers)).toEqual({ named, signsFor });
  });

  test("is not known before anybody has said it", async () => {
    expect(await saying(null, {})).toEqual({ named: null, signsFor: [null, null, null] });
  });

  test("is the table's word until then, and as long as it is not contradicted", async () => {
    expect(await saying(null, {}, ALICE)).toEqual({ named: ALICE, signsFor: [true, null, null] });
    expect(await saying([listed(BASE.network)], {}, ALICE)).toEqual({ named: ALICE, signsFor: [true, false, false] });
    const listing = await saying([paidBy({ feePayer: BOB })], { "solana:*": [ALICE] }, ALICE);
    expect(listing).toEqual({ named: ALICE, signsFor: [true, true, false] });
    const another = await saying([paidBy({ feePayer: BOB })], {}, ALICE);
    expect(another).toEqual({ named: BOB, signsFor: [true, true, false] });
  });

  test("is found by a cold isolate in the notes", async () => {
    const notes = new Map<string, string>();
    const { supported, facilitator } = open(notes);
    Object.assign(facilitator, { kinds: [paidBy({ feePayer: ALICE })], signers: { "solana:*": [ALICE, BOB] } });
    await supported.refresh();
    const cold = open(notes);
    await cold.supported.refresh();
    expect([cold.supported.settler(SOLANA), cold.supported.settlesAs(BOB, SOLANA), cold.facilitator.asked]).toEqual([
      ALICE,
      true,
      0,
    ]);
  });
});

describe("a long list of accounts", () => {
  const SOLANA = { scheme: "exact", network: "solana:EtWTRABZaYq6iMfeYKouRu166VU2xqa1" };
  const keys = Array.from({ length: 300 }, (_, i) =>
    encodeBase58(
      new Uint8Array(32)
        .fill(1)
        .fill(i, 0, 1)
        .fill(i >> 8, 1, 2),
    ),
  );

  test("is read once for all who ask, and anew when it is said anew", async () => {
    const { supported, facilitator, clock } = open();
    const read = { times: 0 };
    const extra = {
      get feePayer() {
        read.times++;
        return keys[0];
      },
    };
    Object.assign(facilitator, { kinds: [{ ...listed(SOLANA.network), extra }], signers: { "solana:*": keys } });
    await supported.refresh();
    supported.settler(SOLANA);
    const { times } = read;
    for (let i = 0; i < 10; i++)
      expect([supported.settler(SOLANA), supported.settlesAs(keys[1] as string, SOLANA)]).toEqual([keys[0], true]);
    expect(read.times).toBe(times);
    expect(supported.settler({ ...SOLANA, scheme: "upto" })).toBe(keys[0]);
    facilitator.kinds = [];
    Object.assign(facilitator, { signers: { "solana:*": keys.slice(1) } });
    clock.nowMs += 600_000;
    await supported.refresh();
    expect([supported.settler(SOLANA), supported.settlesAs(keys[0] as string, SOLANA)]).toEqual([keys[1], false]);
  });

  test("counts for no more than 256 of them, those that a kind names first", async () => {
    const { supported, facilitator } = open();
    const extra = { feePayer: keys[299] };
    Object.assign(facilitator, { kinds: [{ ...listed(SOLANA.network), extra }], signers: { "solana:*": keys } });
    await supported.refresh();
    const isOwn = keys.map((key) => supported.settlesAs(key, SOLANA));
    expect(isOwn.map((word, i) => (word ? i : -1)).filter((i) => i >= 0)).toEqual([...Array(255).keys(), 299]);
  });
});

describe("whose account settles what is paid by upto", () => {
  const UPTO = { scheme: "upto", network: BASE.network };
  const [ALICE, BOB] = [
    "0x70997970C51812dc3A010C7d01b50e0d17dc79C8",
    "0x3C44CdDdB6a900fa2b585dd299e03d12FA4293BC",
  ] as const;
  const settledBy = (extra: unknown, network: string = BASE.network): Kind => ({
    ...listed(network),
    scheme: "upto",
    extra,
  });

  /** @param written in the table */
  async function saying(kinds: readonly Kind[] | null, signers: Abilities["signers"], written: Partial<Accounts> = {}) {
    const { supported, facilitator } = open(new Map(), { nowMs: 1 }, written);
    Object.assign(facilitator, { kinds, signers });
    await supported.refresh();
    return { named: supported.settler(UPTO), settlesAs: [ALICE, BOB].map((one) => supported.settlesAs(one, UPTO)) };
  }

  test.each<[string, readonly Kind[], Abilities["signers"], string | null, readonly boolean[]]>([
    ["is named by its kind", [settledBy({ facilitatorAddress: ALICE })], {}, ALICE, [true, false]],
    [
      "is named in any letter case, and told in one",
      [settledBy({ facilitatorAddress: ALICE.toLowerCase() })],
      { "eip155:*": [ALICE] },
      ALICE,
      [true, false],
    ],
    [
      "is the kind's before the signers, who are all taken",
      [settledBy({ facilitatorAddress: BOB }, "eip155:*")],
      { "eip155:*": [ALICE, BOB] },
      BOB,
      [true, true],
    ],
    ["is one of the signers where the kind names none", [settledBy({})], { [BASE.network]: [BOB] }, BOB, [false, true]],
    [
      "is another scheme's",
      [{ ...settledBy({ facilitatorAddress: ALICE }), scheme: "exact" }],
      {},
      null,
      [false, false],
    ],
    ["is another network's", [settledBy({ facilitatorAddress: ALICE }, "eip155:137")], {}, null, [false, false]],
    ["pays the gas on Solana", [settledBy({ feePayer: ALICE })], { "solana:*": [BOB] }, null, [false, false]],
    [
      "is no address",
      [settledBy({ facilitatorAddress: 1 }), settledBy({ facilitatorAddress: "me" }), settledBy(null)],
      { "eip155:*": ["0x"] },
      null,
      [false, false],
    ],
  ])("%s", async (_, kinds, signers, named, settlesAs) => {
    expect(await saying(kinds, signers)).toEqual({ named, settlesAs });
  });

  test("is not known before anybody has said it, whatever the table says of Solana", async () => {
    const feePayer = "2wKupLR9q6wXYppw8Gr2NvWxKBUqm4PPJKkQfoxHDBg4";
    for (const written of [{}, { feePayer }]) {
      expect(await saying(null, {}, written)).toEqual({ named: null, settlesAs: [null, null] });
    }
  });

  test("is the table's word until then, and as long as it is not contradicted", async () => {
    const written = { facilitatorAddress: ALICE };
    expect(await saying(null, {}, written)).toEqual({ named: ALICE, settlesAs: [true, null] });
    expect(await saying([listed(BASE.network)], {}, written)).toEqual({ named: ALICE, settlesAs: [true, false] });
    const listing = await saying([settledBy({ facilitatorAddress: BOB })], { "eip155:*": [ALICE] }, written);
    expect(listing).toEqual({ named: ALICE, settlesAs: [true, true] });
    const another = await saying([settledBy({ facilitatorAddress: BOB })], {}, written);
    expect(another).toEqual({ named: BOB, settlesAs: [true, true] });
  });
});
