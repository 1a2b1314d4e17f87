import { describe, expect, test } from "vitest";
import { buildSpentPayments } from "../../../src/ledger/spent.ts";

const NOW = 1_800_000_000_000;

/** KV in memory, which remembers how long it was told to keep what it was given. */
function openKv(): { readonly kv: KVNamespace; readonly kept: Map<string, { value: string; seconds: number }> } {
  const kept = new Map<string, { value: string; seconds: number }>();
  const kv = {
    get: async (key: string) => kept.get(key)?.value ?? null,
    put: async (key: string, value: string, { expirationTtl }: { expirationTtl: number }) =>
      void kept.set(key, { value, seconds: expirationTtl }),
  };
  return { kv: kv as unknown as KVNamespace, kept };
}

const broken = {
  get: () => Promise.reject(new Error("KV is down")),
  put: () => Promise.reject(new Error("KV is down")),
} as unknown as KVNamespace;

describe("a spent payment", () => {
  test("is known to the isolate and to KV once it was written", async () => {
    const spent = buildSpentPayments(openKv().kv, new Map());
    await spent.write("id", "0xab", NOW, NOW);
    expect(spent.recall("id")).toBe("0xab");
    expect(await spent.read("id")).toBe("0xab");
  });

  test("is known to another isolate by KV alone", async () => {
    const { kv } = openKv();
    await buildSpentPayments(kv, new Map()).write("id", "0xab", NOW, NOW);
    const elsewhere = buildSpentPayments(kv, new Map());
    expect(elsewhere.recall("id")).toBeNull();
    expect(await elsewhere.read("id")).toBe("0xab");
  });

  test("is known to the isolate before KV has answered", () => {
    const spent = buildSpentPayments(openKv().kv, new Map());
    void spent.write("id", "0xab", NOW, NOW);
    expect(spent.recall("id")).toBe("0xab");
  });

  test("is not another one", async () => {
    const spent = buildSpentPayments(openKv().kv, new Map());
    await spent.write("id", "0xab", NOW, NOW);
    expect(spent.recall("other")).toBeNull();
    expect(await spent.read("other")).toBeNull();
  });

  test("is forgotten by the isolate when a thousand others came after it, not by KV", async () => {
    const spent = buildSpentPayments(openKv().kv, new Map());
    for (let i = 0; i <= 1024; i++) await spent.write(`id-${i}`, "0xab", NOW, NOW);
    expect([spent.recall("id-0"), spent.recall("id-1"), spent.recall("id-1024")]).toEqual([null, "0xab", "0xab"]);
    expect(await spent.read("id-0")).toBe("0xab");
  });

  test.each([
    ["an hour beyond its authorization's end", NOW + 300_000, 3900],
    ["whole seconds", NOW + 300_001, 3901],
    ["a minute, where its end is long past", NOW - 86_400_000, 60],
    ["thirty days, where its end is never", Number(2n ** 256n - 1n) * 1000, 30 * 86_400],
  ])("is kept for %s", async (_, validBeforeMs, seconds) => {
    const { kv, kept } = openKv();
    await buildSpentPayments(kv, new Map()).write("id", "0xab", validBeforeMs, NOW);
    expect(kept.get("id")?.seconds).toBe(seconds);
  });
});

describe("a KV that fails", () => {
  test("knows nothing", async () => {
    expect(await buildSpentPayments(broken, new Map()).read("id")).toBeNull();
  });

  test("does not keep the isolate from knowing", async () => {
    const spent = buildSpentPayments(broken, new Map());
    await spent.write("id", "0xab", NOW, NOW);
    expect(spent.recall("id")).toBe("0xab");
  });
});
