import { afterEach, beforeEach, describe, expect, test, vi } from "vitest";
import {
  accountOf,
  buildBooks,
  buildExposure,
  buildTransactions,
  type LedgerStub,
  readGateKey,
} from "../../../src/ledger/books.ts";
import { claimOf, EVENTS, ID, NOW, presentationOf } from "./fixtures.ts";

type Method = keyof LedgerStub;
type Answer = () => unknown;

const lost: Answer = () => {
  throw new Error("the connection was lost");
};
const says =
  (answer: unknown): Answer =>
  () =>
    answer;

/** Objects far away, each answer given once and in turn, and who was asked what at which moment. */
function ledgersThat(...answers: Answer[]) {
  const startMs = Date.now();
  const asked: [name: string, method: Method, atMs: number][] = [];
  const open = (name: string): LedgerStub => {
    const call = (method: Method) => async () => {
      asked.push([name, method, Date.now() - startMs]);
      return (answers.shift() ?? lost)();
    };
    const [claim, present, record, entry] = [call("claim"), call("present"), call("record"), call("entry")];
    const gates = { key: call("key"), reserve: call("reserve"), free: call("free") };
    return { claim, present, record, entry, ...gates, assign: call("assign") };
  };
  return { open, asked };
}

const report = { id: ID, attempt: "a-1", nowMs: NOW, events: [EVENTS.settled], answer: null };
const account = "eip155:84532|0xpayer";

let logged: unknown[];
beforeEach(() => {
  vi.useFakeTimers();
  logged = [];
  vi.spyOn(console, "error").mockImplementation((line) => void logged.push(JSON.parse(line)));
});
afterEach(() => {
  vi.useRealTimers();
  vi.restoreAllMocks();
});

describe("a report to a payer's ledger", () => {
  test("that is taken is made once, without a pause", async () => {
    const { open, asked } = ledgersThat(says(true), says(true));
    expect(await buildBooks(open).record(report)).toBe(true);
    expect(asked).toEqual([[account, "record", 0]]);
    expect(logged).toEqual([]);
  });

  test("that gets no answer is made again after a pause, and after a longer one, until it is taken", async () => {
    const { open, asked } = ledgersThat(lost, lost, says(true));
    const recorded = buildBooks(open).record(report);
    await vi.runAllTimersAsync();
    expect(await recorded).toBe(true);
    expect(asked.map(([, , atMs]) => atMs)).toEqual([0, 100, 1100]);
    expect(logged).toEqual([]);
  });

  test("that is taken at the second time is not made a third time", async () => {
    const { open, asked } = ledgersThat(lost, says(true), says(true));
    const recorded = buildBooks(open).record(report);
    await vi.runAllTimersAsync();
    expect(await recorded).toBe(true);
    expect(asked).toHaveLength(2);
  });

  test("that never gets an answer stands in the log, and is told as not recorded", async () => {
    const { open, asked } = ledgersThat(lost, lost, lost);
    const recorded = buildBooks(open).record(report);
    await vi.runAllTimersAsync();
    expect(await recorded).toBe(false);
    expect(asked).toHaveLength(3);
    expect(logged).toMatchObject([{ event: "not_recorded", id: ID, attempt: "a-1", events: [EVENTS.settled] }]);
  });

  test("that does not count stands in the log, and is not made again", async () => {
    const { open, asked } = ledgersThat(says(false), says(true));
    expect(await buildBooks(open).record(report)).toBe(false);
    expect(asked).toHaveLength(1);
    expect(logged).toMatchObject([{ event: "not_recorded", ledger: { ok: true, value: false } }]);
  });

  test("does not tell the log a facilitator's URL, whose path may be a secret, nor what was signed", async () => {
    const { open } = ledgersThat(says(false));
    const pinned = { ...EVENTS.pinned, facilitator: "https://other.example/secret" };
    const metered = { ...EVENTS.metered, settleBody: '{"signature":"secret"}' };
    await buildBooks(open).record({ ...report, events: [pinned, metered, EVENTS.settled] });
    expect(logged).toMatchObject([
      { events: [{ kind: "pinned" }, { kind: "metered", charge: "1858" }, EVENTS.settled] },
    ]);
    expect(JSON.stringify(logged)).not.toContain("secret");
  });
});

describe.each(["claim", "present"] as const)("%s", (method) => {
  const granted = { kind: "granted" };
  const ask = (open: (name: string) => LedgerStub) =>
    method === "claim" ? buildBooks(open).claim(claimOf()) : buildBooks(open).present(presentationOf());

  test("is asked once where it is answered", async () => {
    const { open, asked } = ledgersThat(says(granted), says({ kind: "in_flight" }));
    expect(await ask(open)).toEqual({ ok: true, value: granted });
    expect(asked).toEqual([[account, method, 0]]);
  });

  test("is asked once more where the answer was lost, and then is unavailable", async () => {
    const once = ledgersThat(lost, says(granted));
    expect(await ask(once.open)).toEqual({ ok: true, value: granted });
    const never = ledgersThat(lost, lost, says(granted));
    expect(await ask(never.open)).toEqual({ ok: false, error: "unavailable" });
    expect(never.asked).toHaveLength(2);
  });
});

test("what one payment has become is asked once, of its payer's ledger", async () => {
  const { open, asked } = ledgersThat(lost, says(null));
  expect(await buildBooks(open).entry(ID)).toEqual({ ok: false, error: "unavailable" });
  expect(await buildBooks(open).entry(ID)).toEqual({ ok: true, value: null });
  expect(asked.map(([name, method]) => `${name} ${method}`)).toEqual([`${account} entry`, `${account} entry`]);
});

describe("what all payers together owe", () => {
  const reservation = { attempt: ID, micros: 10_000n, untilMs: NOW + 1, nowMs: NOW, microsMax: 20_000n };

  test.each<[string, Answer, boolean]>([
    ["has room", says(true), true],
    ["has no room", says(false), false],
    ["cannot be asked", lost, false],
  ])("lets one more in only where it %s", async (_, answer, isReserved) => {
    const { open, asked } = ledgersThat(answer);
    expect(await buildExposure(open).reserve(reservation)).toBe(isReserved);
    expect(asked).toEqual([["gate", "reserve", 0]]);
  });

  test("is freed without a word where nobody can be told", async () => {
    const { open, asked } = ledgersThat(lost);
    await buildExposure(open).free(ID);
    expect(asked).toEqual([["gate", "free", 0]]);
  });
});

describe("whose a transaction is", () => {
  const registry = "transactions|eip155:84532|b";
  const assign = (open: (name: string) => LedgerStub) => buildTransactions(open).assign(ID, "0xab");

  test.each([true, false])("is asked once of the object that it belongs to, and believed: %s", async (isOwn) => {
    const { open, asked } = ledgersThat(says(isOwn));
    expect(await assign(open)).toBe(isOwn);
    expect(asked).toEqual([[registry, "assign", 0]]);
  });

  test("is asked once more where the answer was lost", async () => {
    const { open, asked } = ledgersThat(lost, says(true));
    expect(await assign(open)).toBe(true);
    expect(asked).toHaveLength(2);
  });

  test.each<[string, Answer]>([
    ["is lost", lost],
    ["does not come", () => new Promise(() => undefined)],
  ])("is believed where every answer %s, within five seconds", async (_, answer) => {
    const { open, asked } = ledgersThat(answer, answer, says(true));
    const assigned = assign(open);
    await vi.advanceTimersByTimeAsync(5_000);
    expect(await assigned).toBe(true);
    expect(asked).toHaveLength(2);
  });
});

test("the gate's own key is kept by an object of its own, and is null while that cannot be asked", async () => {
  const { open, asked } = ledgersThat(says("first"), lost);
  expect(await readGateKey(open, "drawn")).toBe("first");
  expect(await readGateKey(open, "drawn")).toBeNull();
  expect(asked.map(([name, method]) => `${name} ${method}`)).toEqual(["gate key", "gate key"]);
});

test("a payment's account is its network and payer", () => {
  expect(accountOf(ID)).toBe(account);
});
