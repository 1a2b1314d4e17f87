import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { type Reservation, Vault } from "../../../src/ledger/vault.ts";
import { openStore } from "../../support/sqlite.ts";
import { NOW } from "./fixtures.ts";

const reservation = (changes: Partial<Reservation> = {}): Reservation => ({
  attempt: "p-1",
  micros: 10n,
  untilMs: NOW + 1000,
  nowMs: NOW,
  microsMax: 25n,
  ...changes,
});

const openVault = () => new Vault(openStore().sql);

describe("the gate's key", () => {
  test("is the one that was drawn first, for every isolate and for ever", () => {
    const { sql } = openStore();
    expect(new Vault(sql).key("first")).toBe("first");
    expect(new Vault(sql).key("second")).toBe("first");
    expect(sql.exec("SELECT key FROM gate").toArray()).toEqual([{ key: "first" }]);
  });
});

describe("what all payers together owe", () => {
  test("stays under the cap, to the last unit", () => {
    const vault = openVault();
    expect(vault.reserve(reservation())).toBe(true);
    expect(vault.reserve(reservation({ attempt: "p-2", micros: 16n }))).toBe(false);
    expect(vault.reserve(reservation({ attempt: "p-2", micros: 15n }))).toBe(true);
    expect(vault.reserve(reservation({ attempt: "p-3", micros: 1n }))).toBe(false);
  });

  test("counts a payment once, however often it is reserved, and as it was reserved last", () => {
    const vault = openVault();
    for (const micros of [10n, 10n, 20n]) expect(vault.reserve(reservation({ micros }))).toBe(true);
    expect(vault.reserve(reservation({ attempt: "p-2", micros: 6n }))).toBe(false);
    expect(vault.reserve(reservation({ attempt: "p-2", micros: 5n }))).toBe(true);
  });

  test("is less when one is freed, also twice, also where nothing was reserved", () => {
    const vault = openVault();
    vault.free("p-1");
    vault.reserve(reservation({ micros: 25n }));
    vault.free("p-1");
    vault.free("p-1");
    expect(vault.reserve(reservation({ attempt: "p-2", micros: 25n }))).toBe(true);
  });

  test("is less when an authorization has run out", () => {
    const vault = openVault();
    vault.reserve(reservation({ micros: 25n }));
    expect(vault.reserve(reservation({ attempt: "p-2", nowMs: NOW + 999 }))).toBe(false);
    expect(vault.reserve(reservation({ attempt: "p-2", nowMs: NOW + 1000, untilMs: NOW + 2000 }))).toBe(true);
  });

  test("is never more than the cap, whatever is reserved and freed", () => {
    const step = fc.record({
      id: fc.constantFrom("a", "b", "c", "d"),
      micros: fc.bigInt({ min: 0n, max: 20n }),
      isFree: fc.boolean(),
    });
    fc.assert(
      fc.property(fc.array(step, { maxLength: 40 }), (steps) => {
        const vault = openVault();
        const held = new Map<string, bigint>();
        const sum = () => [...held.values()].reduce((total, micros) => total + micros, 0n);
        for (const { id, micros, isFree } of steps) {
          if (isFree) {
            vault.free(id);
            held.delete(id);
            continue;
          }
          const fits = sum() - (held.get(id) ?? 0n) + micros <= 25n;
          expect(vault.reserve(reservation({ attempt: id, micros }))).toBe(fits);
          if (fits) held.set(id, micros);
          expect(sum() <= 25n).toBe(true);
        }
      }),
    );
  });
});
