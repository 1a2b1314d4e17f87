// What is known of what a facilitator can do.

import { describe, expect, test } from "vitest";
import { Supported } from "../../../src/facilitator/supported.ts";
import type { Abilities, Kind } from "../../../src/x402/index.ts";

const BASE = { scheme: "exact", network: "eip155:8453" } as const;
const POLYGON = { scheme: "exact", network: "eip155:137" } as const;
const listed = (network: string, x402Version = 2): Kind => ({ x402Version, scheme: "exact", network });

/** An isolate beside others; what the facilitator says may change. */
function open(notes = new Map<string, string>(), clock = { nowMs: 1_000_000 }) {
  const facilitator: { kinds: readonly Kind[] | null; extensions: readonly string[]; asked: number } = {
    kinds: [listed(BASE.network)],
    extensions: ["bazaar"],
    asked: 0,
  };
  const ask = async (): Promise<Abilities | null> => {
    facilitator.asked++;
    const { kinds, extensions } = facilitator;
    return kinds && { kinds, extensions };
  };
  const kv = {
    read: async (key: string) => notes.get(key) ?? null,
    write: async (key: string, text: string) => void notes.set(key, text),
  };
  const supported = new Supported("https://f.example", ask, kv, () => clock.nowMs);
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

  test("is looked up again after half a minute while nothing is known of it", async () => {
    const { supported, clock, facilitator } = open();
    facilitator.kinds = null;
    await supported.refresh();
    clock.nowMs += 29_999;
    expect(supported.isStale()).toBe(false);
    clock.nowMs += 1;
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

  test.each(["nonsense", "[]", '{"kinds":3,"atMs":1}', '{"kinds":[]}', '{"kinds":[],"atMs":"1000000"}'])(
    "is not read from a note that is none: %s",
    async (text) => {
      const { supported } = open(new Map([["supported|https%3A%2F%2Ff.example", text]]));
      await supported.refresh();
      expect(supported.lists(BASE)).toBe(true);
    },
  );
});
