import { describe, expect, test } from "vitest";
import { buildRefusals } from "../../../src/direct/refusals.ts";

const REASON = "payer_reverted_too_often";

function start() {
  const clock = { nowMs: 1_800_000_000_000 };
  return { clock, refusals: buildRefusals(() => clock.nowMs) };
}

describe("a payer who was refused", () => {
  test("is known for a minute, in whatever letter case", () => {
    const { clock, refusals } = start();
    refusals.remember("0xAB", REASON);
    clock.nowMs += 59_999;
    expect(refusals.recall("0xab")).toBe(REASON);
    expect(refusals.recall("0xcd")).toBeNull();
    clock.nowMs += 1;
    expect(refusals.recall("0xab")).toBeNull();
  });

  test("for what others burned is a reason to ask about others, for a minute", () => {
    const { clock, refusals } = start();
    refusals.remember("0xab", REASON);
    expect(refusals.meetStrangers()).toBe(false);
    refusals.remember("0xcd", "relayer_reverted_too_often");
    clock.nowMs += 59_999;
    expect(refusals.meetStrangers()).toBe(true);
    clock.nowMs += 1;
    expect(refusals.meetStrangers()).toBe(false);
  });

  test("is forgotten for a thousand others, and no sooner", () => {
    const { refusals } = start();
    for (let i = 0; i < 1_000; i++) refusals.remember(`payer-${i}`, REASON);
    // Refused again, one is the last again.
    refusals.remember("payer-0", REASON);
    expect(refusals.recall("payer-1")).toBe(REASON);
    refusals.remember("payer-1000", REASON);
    expect([0, 1, 2, 1000].map((i) => refusals.recall(`payer-${i}`))).toEqual([REASON, null, REASON, REASON]);
  });
});
