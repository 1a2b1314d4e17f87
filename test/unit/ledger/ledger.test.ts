import { beforeEach, describe, expect, test } from "vitest";
import { LedgerObject } from "../../../src/ledger/index.ts";
import { openStore, type TestStore } from "../../support/sqlite.ts";
import { claimOf, EVENTS, ID, LEASE, NOW } from "./fixtures.ts";

class Ledger extends LedgerObject {}

let store: TestStore;
let nowMs: number;
let alarmMs: number | null;
let queries: string[];
beforeEach(() => {
  [store, nowMs, alarmMs, queries] = [openStore(), NOW, null, []];
});

/** A ledger as the platform starts one, on what is stored. */
function start(): Ledger {
  const exec: TestStore["sql"]["exec"] = (query, ...bindings) => {
    queries.push(query);
    return store.sql.exec(query, ...bindings);
  };
  const storage = {
    ...store,
    sql: { exec },
    setAlarm: async (atMs: number) => void (alarmMs = atMs),
    deleteAlarm: async () => void (alarmMs = null),
  };
  const clerk = { attend: async () => undefined, publish: async () => undefined };
  const parts = { clerk, hasSink: false, nowMs: () => nowMs, newId: () => "s-1" };
  return new Ledger({ storage } as unknown as DurableObjectState, {}, parts);
}

const looks = (): number => queries.filter((query) => query.includes("MIN(due_at)")).length;
const settle = (ledger: Ledger): boolean =>
  ledger.record({ id: ID, attempt: "a-1", nowMs, events: [EVENTS.settled, EVENTS.delivered], answer: null });

describe("a ledger's alarm", () => {
  test("rings when the first thing is due, which is looked up once", () => {
    const ledger = start();
    ledger.claim(claimOf());
    expect(alarmMs).toBe(NOW + LEASE);
    nowMs += 1000;
    ledger.claim(claimOf({ id: `${ID}0`, attempt: "b-1", fingerprint: "f-2" }));
    settle(ledger);
    expect([alarmMs, looks()]).toEqual([NOW + LEASE, 1]);
  });

  test("is set anew by a ledger that was started again, which cannot know whether it was", () => {
    start().claim(claimOf());
    alarmMs = null;
    expect(start().entry(ID)).toMatchObject({ pay: "claimed" });
    expect(alarmMs).toBe(NOW + LEASE);
  });

  test("rings no later for what is due later, and at once for what is overdue", () => {
    const ledger = start();
    ledger.claim(claimOf());
    nowMs = NOW + LEASE - 1;
    ledger.claim(claimOf({ id: `${ID}0`, attempt: "b-1", fingerprint: "f-2" }));
    expect(alarmMs).toBe(NOW + LEASE);
    nowMs = NOW + 2 * LEASE;
    start().entry(`${ID}1`);
    expect(alarmMs).toBe(nowMs);
  });

  test("does not ring again where nothing is due any more", async () => {
    const ledger = start();
    ledger.claim(claimOf());
    settle(ledger);
    nowMs = NOW + LEASE;
    await ledger.alarm();
    expect(alarmMs).toBeNull();
    ledger.claim(claimOf({ id: `${ID}0`, attempt: "b-1" }));
    expect(alarmMs).toBe(nowMs + LEASE);
  });
});
