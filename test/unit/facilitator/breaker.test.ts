// Whether a facilitator is asked.

import { describe, expect, test } from "vitest";
import { Breaker, inTurn } from "../../../src/facilitator/breaker.ts";

function open(random = 0) {
  const clock = { nowMs: 1_000_000 };
  const breaker = new Breaker(
    () => clock.nowMs,
    () => random,
  );
  const fail = (times: number): void => {
    for (let i = 0; i < times; i++) breaker.failed("verify was not answered");
  };
  /** Whether who asks now is let through. */
  const admits = (): boolean => breaker.admits() !== null;
  return { clock, breaker, fail, admits };
}

describe("a facilitator that does not answer", () => {
  test("is asked until that happened three times in a row", () => {
    const { breaker, fail, admits } = open();
    fail(2);
    expect([breaker.isAsked(), admits(), breaker.health()]).toEqual([
      true,
      true,
      { state: "closed", failures: 2, why: "verify was not answered" },
    ]);
    breaker.answered();
    fail(2);
    expect(admits()).toBe(true);
    fail(1);
    expect([breaker.isAsked(), admits(), breaker.health()]).toEqual([
      false,
      false,
      { state: "open", failures: 3, why: "verify was not answered" },
    ]);
  });

  test("is asked by one after a pause, and by the next after another", () => {
    const { breaker, fail, clock, admits } = open();
    fail(3);
    clock.nowMs += 999;
    expect(admits()).toBe(false);
    clock.nowMs += 1;
    expect(breaker.health().state).toBe("half_open");
    // A look is no question.
    expect([breaker.isAsked(), breaker.isAsked()]).toEqual([true, true]);
    expect([admits(), admits(), breaker.isAsked()]).toEqual([true, false, false]);
    clock.nowMs += 1000;
    expect(admits()).toBe(true);
  });

  test("is asked by all again as soon as one was answered", () => {
    const { breaker, fail, clock, admits } = open();
    fail(3);
    clock.nowMs += 1000;
    expect(admits()).toBe(true);
    breaker.answered();
    expect([admits(), admits(), breaker.health()]).toEqual([true, true, { state: "closed", failures: 0 }]);
  });

  test("rests twice as long each time, and half a minute at most", () => {
    const { breaker, fail, clock } = open();
    fail(2);
    const pauses = Array.from({ length: 8 }, () => {
      breaker.failed("verify was not answered");
      const sinceMs = clock.nowMs;
      while (!breaker.isAsked()) clock.nowMs += 100;
      return clock.nowMs - sinceMs;
    });
    expect(pauses).toEqual([1000, 2000, 4000, 8000, 16_000, 30_000, 30_000, 30_000]);
  });

  test("rests no longer for the many that had asked when it went silent", () => {
    const { breaker, fail, clock, admits } = open();
    fail(50);
    expect(breaker.health()).toEqual({ state: "open", failures: 3, why: "verify was not answered" });
    clock.nowMs += 1000;
    // One is let through, and is not answered; what else comes to nothing meanwhile is no news.
    expect(admits()).toBe(true);
    fail(50);
    expect(breaker.health()).toEqual({ state: "open", failures: 4, why: "verify was not answered" });
    clock.nowMs += 2000;
    expect([admits(), admits()]).toEqual([true, false]);
    breaker.answered();
    fail(50);
    expect(breaker.health()).toEqual({ state: "open", failures: 3, why: "verify was not answered" });
  });

  test("rests up to half as long again, so that isolates do not come back together", () => {
    const { breaker, fail, clock } = open(0.9);
    fail(3);
    clock.nowMs += 1449;
    expect(breaker.isAsked()).toBe(false);
    clock.nowMs += 1;
    expect(breaker.isAsked()).toBe(true);
  });
});

describe("a facilitator that says what is no answer", () => {
  test("is asked on, and is said to be failing after three times", () => {
    const { breaker, admits } = open();
    for (let i = 0; i < 2; i++) breaker.babbled("verify answered 403");
    expect(breaker.health()).toEqual({ state: "closed", failures: 2, why: "verify answered 403" });
    breaker.babbled("verify answered 500");
    expect(breaker.health()).toEqual({ state: "failing", failures: 3, why: "verify answered 500" });
    expect([breaker.isAsked(), admits()]).toEqual([true, true]);
    breaker.answered();
    expect(breaker.health()).toEqual({ state: "closed", failures: 0 });
  });

  test("is there: what was silent before is forgotten", () => {
    const { breaker, fail, admits } = open();
    fail(2);
    breaker.babbled("verify answered 403");
    fail(2);
    expect([admits(), breaker.health().state]).toEqual([true, "failing"]);
    fail(1);
    expect([admits(), breaker.health().state]).toEqual([false, "open"]);
  });
});

describe("a facilitator that answers one question and not the other", () => {
  function openBoth() {
    const [first, second] = [open(), open()];
    const both = inTurn(first.breaker, second.breaker);
    const [admits, begins] = [() => both.admits() !== null, () => both.begins() !== null];
    return { first, second, both, admits, begins };
  }

  test.each(["first", "second"] as const)("is asked neither while it rests from the %s", (name) => {
    const gauges = openBoth();
    const { both, admits } = gauges;
    const { fail, clock, breaker } = gauges[name];
    expect([both.isAsked(), admits(), both.health().state]).toEqual([true, true, "closed"]);
    fail(3);
    expect([both.isAsked(), admits(), both.health()]).toEqual([
      false,
      false,
      { state: "open", failures: 3, why: "verify was not answered" },
    ]);
    clock.nowMs += 1000;
    expect([both.isAsked(), both.health().state]).toEqual([true, "half_open"]);
    expect(admits()).toBe(true);
    breaker.answered();
    expect([admits(), both.health().state]).toEqual([true, "closed"]);
  });

  test("is as bad as the worse of the two, however often the other one failed", () => {
    const { first, second, both } = openBoth();
    for (let i = 0; i < 5; i++) first.breaker.babbled("verify answered 500");
    expect(both.health()).toMatchObject({ state: "failing", failures: 5 });
    second.fail(3);
    expect(both.health()).toMatchObject({ state: "open", failures: 3 });
    first.fail(3);
    expect(both.health()).toMatchObject({ state: "open", failures: 8 });
  });

  test("is asked the first by all, after a pause, so that whoever comes to the second is the one that is let through", () => {
    const { second, both, admits, begins } = openBoth();
    second.fail(3);
    second.clock.nowMs += 1000;
    expect([admits(), admits()]).toEqual([true, true]);
    const look = both.begins() ?? expect.fail();
    expect([begins(), admits()]).toEqual([false, false]);
    // Nothing came of it: another one sees.
    both.leaves(look);
    expect([admits(), begins(), begins()]).toEqual([true, true, false]);
    second.breaker.answered();
    expect([begins(), both.health().state]).toEqual([true, "closed"]);
  });

  test("is tried by the next one at once where what was let through to the first asked nothing", () => {
    const { first, both, admits } = openBoth();
    first.fail(3);
    first.clock.nowMs += 1000;
    const look = both.admits() ?? expect.fail();
    expect(admits()).toBe(false);
    both.leaves(look);
    expect(admits()).toBe(true);
  });

  test("is tried by one at a time, whoever of those that were let through before asks nothing", () => {
    const { second, both, begins } = openBoth();
    const early = both.begins() ?? expect.fail();
    second.fail(3);
    second.clock.nowMs += 1000;
    const look = both.begins() ?? expect.fail();
    both.leaves(early);
    expect(begins()).toBe(false);
    // What became of it is known.
    second.breaker.failed("settle was not answered");
    both.leaves(look);
    expect(begins()).toBe(false);
  });
});
