import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { Registry, registryOf } from "../../../src/ledger/registry.ts";
import { openStore } from "../../support/sqlite.ts";

describe("a transaction", () => {
  test("is the payment's that named it first, however often it is asked, and nobody else's", () => {
    const registry = new Registry(openStore().sql);
    const names = ["p-1", "p-2", "p-1", "p-2"];
    expect(names.map((id) => registry.assign("0xab", id))).toEqual([true, false, true, false]);
    expect(registry.assign("0xac", "p-2")).toBe(true);
  });

  test("stays that payment's when the object is built again", () => {
    const { sql } = openStore();
    expect(new Registry(sql).assign("0xab", "p-1")).toBe(true);
    expect(new Registry(sql).assign("0xab", "p-2")).toBe(false);
    expect(new Registry(sql).assign("0xab", "p-1")).toBe(true);
  });

  test("has one payment and no other, in whatever order they come", () => {
    const calls = fc.array(fc.tuple(fc.constantFrom("t", "u", "v"), fc.constantFrom("p", "q", "r")), { maxLength: 30 });
    fc.assert(
      fc.property(calls, (all) => {
        const registry = new Registry(openStore().sql);
        const first = new Map<string, string>();
        for (const [transaction, id] of all) {
          if (!first.has(transaction)) first.set(transaction, id);
          expect(registry.assign(transaction, id)).toBe(first.get(transaction) === id);
        }
      }),
      { numRuns: 50 },
    );
  });
});

test("the payments of a network share a few objects, which no payer has", () => {
  const names = [..."0123456789abcdef"].map((digit) => registryOf("eip155:8453", `0x${"f".repeat(63)}${digit}`));
  expect(new Set(names).size).toBe(16);
  expect(names[0]).toBe("transactions|eip155:8453|0");
  expect(registryOf("eip155:1", "0xf0")).not.toBe(names[0]);
});
