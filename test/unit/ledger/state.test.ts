import fc from "fast-check";
import { describe, expect, test } from "vitest";
import {
  type Delivery,
  type LedgerEvent,
  type Pay,
  type PaymentState,
  type Standing,
  standingOf,
  transition,
} from "../../../src/ledger/state.ts";

const FINGERPRINT = "f-1";
const HASH = `0x${"ab".repeat(32)}`;
const LEASE = 1000;

const claimed: PaymentState = {
  pay: "claimed",
  delivery: "none",
  attempt: "mine",
  leaseUntilMs: LEASE,
  fingerprint: FINGERPRINT,
  transaction: null,
  reason: null,
};

const states = {
  claimed,
  unknown: { ...claimed, pay: "unknown", leaseUntilMs: 0 },
  released: { ...claimed, pay: "released" },
  rejected: { ...claimed, pay: "rejected", reason: "insufficient_funds" },
  uncharged: { ...claimed, pay: "uncharged", reason: "upstream_500" },
  settled: { ...claimed, pay: "settled", transaction: HASH },
  delivered: { ...claimed, pay: "settled", transaction: HASH, delivery: "delivered" },
  truncated: { ...claimed, pay: "settled", transaction: HASH, delivery: "truncated" },
} as const satisfies { readonly [name: string]: PaymentState };

type StateName = keyof typeof states;
type Kind = LedgerEvent["kind"];

const events: { readonly [kind in Kind]: Extract<LedgerEvent, { kind: kind }> } = {
  release: { kind: "release" },
  uncharged: { kind: "uncharged", reason: "upstream_500" },
  rejected: { kind: "rejected", reason: "insufficient_funds" },
  lost: { kind: "lost" },
  settled: { kind: "settled", transaction: HASH },
  delivered: { kind: "delivered" },
  truncated: { kind: "truncated" },
};
const kinds = Object.keys(events) as readonly Kind[];
const names = Object.keys(states) as readonly StateName[];

const nothing = {
  release: null,
  uncharged: null,
  rejected: null,
  lost: null,
  settled: null,
  delivered: null,
  truncated: null,
};

/** The state that follows an event of the live attempt; null where the event does not count. */
const following: { readonly [from in StateName]: { readonly [kind in Kind]: StateName | null } } = {
  claimed: {
    release: "released",
    uncharged: "uncharged",
    rejected: "rejected",
    lost: "unknown",
    settled: "settled",
    delivered: null,
    truncated: null,
  },
  unknown: { ...nothing, lost: "unknown", settled: "settled" },
  released: { ...nothing, settled: "settled" },
  rejected: { ...nothing, settled: "settled" },
  uncharged: { ...nothing, settled: "settled" },
  settled: { ...nothing, delivered: "delivered", truncated: "truncated" },
  delivered: nothing,
  truncated: nothing,
};

/** What the live attempt's event leaves of the state that it found. */
function expectedState(from: StateName, to: StateName): PaymentState {
  const { pay, delivery, transaction } = states[to];
  const leaseUntilMs = pay === "unknown" ? 0 : states[from].leaseUntilMs;
  const reason = pay === "settled" ? states[from].reason : states[to].reason;
  return { ...states[from], pay, delivery, transaction, reason, leaseUntilMs };
}

const pairs = names.flatMap((from) => kinds.map((kind) => [from, kind, following[from][kind]] as const));

describe("an event of the live attempt", () => {
  test.each(pairs)("finds %s, says %s, leaves %s", (from, kind, to) => {
    const result = transition(states[from], events[kind], "mine");
    if (to === null) expect(result).toEqual({ ok: false, error: "not_from_here" });
    else expect(result).toEqual({ ok: true, value: expectedState(from, to) });
  });
});

describe("an event of an attempt that is not the live one", () => {
  test.each(pairs.filter(([, kind]) => kind !== "settled"))("finds %s, says %s, and does not count", (from, kind) => {
    expect(transition(states[from], events[kind], "stale")).toEqual({ ok: false, error: "stale_attempt" });
  });

  test.each(["claimed", "unknown", "released", "rejected", "uncharged"] as const)(
    "finds %s, says settled, and counts: money moved",
    (from) => {
      const result = transition(states[from], events.settled, "stale");
      expect(result).toEqual({ ok: true, value: expectedState(from, "settled") });
    },
  );

  test("leaves the live attempt live", () => {
    const result = transition(claimed, events.settled, "stale");
    expect(result).toMatchObject({ ok: true, value: { attempt: "mine" } });
  });
});

test.each(kinds)("a payment that was never claimed takes no %s", (kind) => {
  expect(transition(null, events[kind], "mine")).toEqual({ ok: false, error: "no_such_payment" });
});

test("a transition leaves the state that it was given as it was", () => {
  const before = structuredClone(claimed);
  for (const kind of kinds) transition(claimed, events[kind], "mine");
  expect(claimed).toEqual(before);
});

describe("what a payment is to somebody who presents it again", () => {
  const alive = LEASE - 1;
  test.each<[string, PaymentState | null, number, Standing]>([
    ["one that was never claimed", null, 0, { kind: "claimable" }],
    ["one that was released", states.released, alive, { kind: "claimable" }],
    ["one that is claimed", claimed, alive, { kind: "in_flight" }],
    ["one that is claimed, at its lease's end", claimed, LEASE, { kind: "unknown" }],
    ["one that is claimed, long ago", claimed, 10 * LEASE, { kind: "unknown" }],
    ["one that is unknown, with nobody asking", states.unknown, alive, { kind: "unresolved" }],
    [
      "one that is unknown, while somebody asks",
      { ...states.unknown, leaseUntilMs: LEASE },
      alive,
      { kind: "unknown" },
    ],
    [
      "one that is unknown, at its lease's end",
      { ...states.unknown, leaseUntilMs: LEASE },
      LEASE,
      { kind: "unresolved" },
    ],
    ["one that settled", states.settled, alive, { kind: "settled", transaction: HASH }],
    ["one that settled and was delivered", states.delivered, alive, { kind: "settled", transaction: HASH }],
    ["one that settled and was truncated", states.truncated, alive, { kind: "settled", transaction: HASH }],
    ["one that settled, long ago", states.settled, 10 * LEASE, { kind: "settled", transaction: HASH }],
    [
      "one that settled without a hash on record",
      { ...states.settled, transaction: null },
      alive,
      { kind: "settled", transaction: "" },
    ],
    ["one that was rejected", states.rejected, alive, { kind: "ended", reason: "insufficient_funds" }],
    ["one that was not charged", states.uncharged, alive, { kind: "ended", reason: "upstream_500" }],
    [
      "one that was rejected without a reason",
      { ...states.rejected, reason: null },
      alive,
      { kind: "ended", reason: "rejected" },
    ],
    [
      "one that was not charged without a reason",
      { ...states.uncharged, reason: null },
      alive,
      { kind: "ended", reason: "uncharged" },
    ],
  ])("%s", (_, state, nowMs, standing) => {
    expect(standingOf(state, FINGERPRINT, nowMs)).toEqual(standing);
  });

  const taken = names.filter((name) => states[name].pay !== "released");
  test.each(taken.flatMap((name) => [[name, 0] as const, [name, 10 * LEASE] as const]))(
    "for something else: one that is %s is bound elsewhere at %d ms",
    (name, nowMs) => {
      expect(standingOf(states[name], "f-2", nowMs)).toEqual({ kind: "bound_elsewhere" });
    },
  );

  test("for something else: one that was released may be claimed", () => {
    expect(standingOf(states.released, "f-2", 0)).toEqual({ kind: "claimable" });
  });
});

/** One payment's row, stored as simply as can be: what the Durable Object does with it, without SQL. */
class Row {
  state: PaymentState | null = null;

  claim(attempt: string, fingerprint: string, nowMs: number): "granted" | Standing {
    const standing = this.revisit(attempt, fingerprint, nowMs);
    if (standing.kind !== "claimable") return standing;
    this.state = { ...claimed, attempt, fingerprint, leaseUntilMs: nowMs + LEASE };
    return "granted";
  }

  revisit(attempt: string, fingerprint: string, nowMs: number): Standing {
    const standing = standingOf(this.state, fingerprint, nowMs);
    if (this.state && standing.kind === "unresolved")
      this.state = { ...this.state, attempt, leaseUntilMs: nowMs + LEASE };
    return standing;
  }

  record(attempt: string, event: LedgerEvent): boolean {
    const next = transition(this.state, event, attempt);
    if (next.ok) this.state = next.value;
    return next.ok;
  }
}

type Step =
  | { readonly kind: "claim" | "revisit"; readonly attempt: string; readonly fingerprint: string }
  | { readonly kind: "record"; readonly attempt: string; readonly event: LedgerEvent }
  | { readonly kind: "wait"; readonly ms: number };

describe("in every story of one payment", () => {
  const attempt = fc.constantFrom("a", "b", "c");
  const fingerprint = fc.constantFrom(FINGERPRINT, FINGERPRINT, FINGERPRINT, "f-2");
  const step: fc.Arbitrary<Step> = fc.oneof(
    fc.record({ kind: fc.constantFrom("claim" as const, "revisit" as const), attempt, fingerprint }),
    fc.record({ kind: fc.constant("record" as const), attempt, event: fc.constantFrom(...Object.values(events)) }),
    fc.record({ kind: fc.constant("record" as const), attempt, event: fc.constantFrom(...Object.values(events)) }),
    fc.record({ kind: fc.constant("wait" as const), ms: fc.nat(2 * LEASE) }),
  );

  interface Moment {
    readonly step: Step;
    readonly answer: "granted" | Standing | boolean | null;
    readonly before: PaymentState | null;
    readonly after: PaymentState | null;
    readonly nowMs: number;
  }

  const forEveryStory = (check: (story: readonly Moment[]) => void): void => {
    fc.assert(
      fc.property(fc.array(step, { maxLength: 40 }), (steps) => check(tell(steps))),
      { numRuns: 2000 },
    );
  };

  function tell(steps: readonly Step[]): readonly Moment[] {
    const row = new Row();
    let nowMs = 0;
    return steps.map((step) => {
      const before = row.state;
      let answer: Moment["answer"] = null;
      if (step.kind === "wait") nowMs += step.ms;
      else if (step.kind === "record") answer = row.record(step.attempt, step.event);
      else answer = row[step.kind](step.attempt, step.fingerprint, nowMs);
      return { step, answer, before, after: row.state, nowMs };
    });
  }

  test("there are never two live attempts", () => {
    forEveryStory((story) => {
      const live = new Set<string>();
      for (const { step, answer, nowMs } of story) {
        if (answer === "granted") {
          expect([...live]).toEqual([]);
          live.add(`claimed at ${nowMs}`);
        }
        // Only the attempt's own word gives the payment back; no time does.
        if (step.kind === "record" && step.event.kind === "release" && answer === true) live.clear();
      }
    });
  });

  test("a claim is granted only to a payment that is new or was released", () => {
    forEveryStory((story) => {
      for (const { answer, before } of story.filter((moment) => moment.answer === "granted")) {
        expect(answer === "granted" && (before === null || before.pay === "released")).toBe(true);
      }
    });
  });

  test("what ended stays ended, unless money turns out to have moved", () => {
    forEveryStory((story) => {
      for (const { step, before, after } of story) {
        if (before === null || !["rejected", "uncharged"].includes(before.pay)) continue;
        const isTold = step.kind === "record" && step.event.kind === "settled";
        expect(after).toEqual(isTold ? { ...before, pay: "settled", transaction: HASH } : before);
      }
    });
  });

  test("a settlement that was told of a payment is never lost", () => {
    forEveryStory((story) => {
      let isTold = false;
      for (const { step, before, after } of story) {
        if (step.kind === "record" && step.event.kind === "settled" && before !== null) isTold = true;
        if (isTold) expect(after).toMatchObject({ pay: "settled", transaction: HASH });
      }
    });
  });

  test("a settled payment has its hash, and no other payment has one", () => {
    forEveryStory((story) => {
      for (const { after } of story) if (after) expect(after.transaction).toBe(after.pay === "settled" ? HASH : null);
    });
  });

  test("only the live attempt changes anything but by telling that money moved", () => {
    forEveryStory((story) => {
      for (const { step, before, after } of story) {
        if (step.kind !== "record" || step.event.kind === "settled" || step.attempt === before?.attempt) continue;
        expect(after).toBe(before);
      }
    });
  });

  test("the facilitator is asked by one at a time", () => {
    forEveryStory((story) => {
      let busyUntilMs = 0;
      for (const { step, answer, nowMs } of story) {
        if (typeof answer === "object" && answer?.kind === "unresolved") {
          expect(nowMs).toBeGreaterThanOrEqual(busyUntilMs);
          busyUntilMs = nowMs + LEASE;
        }
        // The one who asked says that it got no answer, so somebody else may ask.
        if (step.kind === "record" && step.event.kind === "lost" && answer === true) busyUntilMs = 0;
      }
    });
  });

  test("a step leads only where the life of a payment leads", () => {
    const ways: { readonly [pay in Pay | "none"]: readonly Pay[] } = {
      none: ["claimed"],
      claimed: ["released", "uncharged", "rejected", "unknown", "settled"],
      unknown: ["settled"],
      released: ["claimed", "settled"],
      settled: [],
      rejected: ["settled"],
      uncharged: ["settled"],
    };
    const deliveries: { readonly [delivery in Delivery]: readonly Delivery[] } = {
      none: ["delivered", "truncated"],
      delivered: [],
      truncated: [],
    };
    forEveryStory((story) => {
      for (const { before, after } of story) {
        if (after === null) continue;
        if (after.pay !== before?.pay) expect(ways[before?.pay ?? "none"]).toContain(after.pay);
        const delivery = before?.delivery ?? "none";
        if (after.delivery !== delivery) expect(deliveries[delivery]).toContain(after.delivery);
      }
    });
  });
});
