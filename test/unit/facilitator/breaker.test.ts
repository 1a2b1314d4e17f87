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
  return { clock, breaker, fail };
}

describe("a facilitator that does not answer", () => {
  test("is asked until that happened three times in a row", () => {
    const { breaker, fail } = open();
    fail(2);
    expect([breaker.isAsked(), breaker.admits(), breaker.health()]).toEqual([
      true,
      true,
      { state: "closed", failures: 2, why: "verify was not answered" },
    ]);
    breaker.answered();
    fail(2);
    expect(breaker.admits()).toBe(true);
    fail(1);
    expect([breaker.isAsked(), breaker.admits(), breaker.health()]).toEqual([
      false,
      false,
      { state: "open", failures: 3, why: "verify was not answered" },
    ]);
  });

  test("is asked by one after a pause, and by the next after another", () => {
    const { breaker, fail, clock } = open();
    fail(3);
    clock.nowMs += 999;
    expect(breaker.admits()).toBe(false);
    clock.nowMs += 1;
    expect(breaker.health().state).toBe("half_open");
    // A look is no question.
    expect([breaker.isAsked(), breaker.isAsked()]).toEqual([true, true]);
    expect([breaker.admits(), breaker.admits(), breaker.isAsked()]).toEqual([true, false, false]);
    clock.nowMs += 1000;
    expect(breaker.admits()).toBe(true);
  });

  test("is asked by all again as soon as one was answered", () => {
    const { breaker, fail, clock } = open();
    fail(3);
    clock.nowMs += 1000;
    expect(breaker.admits()).toBe(true);
    breaker.answered();
    expect([breaker.admits(), breaker.admits(), breaker.health()]).toEqual([
      true,
      true,
      { state: "closed", failures: 0 },
    ]);
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
    const { breaker, fail, clock } = open();
    fail(50);
    expect(breaker.health()).toEqual({ state: "open", failures: 3, why: "verify was not answered" });
    clock.nowMs += 1000;
    // One is let through, and is not answered; what else comes to nothing meanwhile is no news.
    expect(breaker.admits()).toBe(true);
    fail(50);
    expect(breaker.health()).toEqual({ state: "open", failures: 4, why: "verify was not answered" });
    clock.nowMs += 2000;
    expect([breaker.admits(), breaker.admits()]).toEqual([true, false]);
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
    const { breaker } = open();
    for (let i = 0; i < 2; i++) breaker.babbled("verify answered 403");
    expect(breaker.health()).toEqual({ state: "closed", failures: 2, why: "verify answered 403" });
    breaker.babbled("verify answered 500");
    expect(breaker.health()).toEqual({ state: "failing", failures: 3, why: "verify answered 500" });
    expect([breaker.isAsked(), breaker.admits()]).toEqual([true, true]);
    breaker.answered();
    expect(breaker.health()).toEqual({ state: "closed", failures: 0 });
  });

  test("is there: what was silent before is forgotten", () => {
    const { breaker, fail } = open();
    fail(2);
    breaker.babbled("verify answered 403");
    fail(2);
    expect([breaker.admits(), breaker.health().state]).toEqual([true, "failing"]);
    fail(1);
    expect([breaker.admits(), breaker.health().state]).toEqual([false, "open"]);
  });
});

describe("a facilitator that answers one question and not the other", () => {
  function openBoth() {
    const [first, second] = [open(), open()];
    return { first, second, both: inTurn(first.breaker, second.breaker) };
  }

  test.each(["first", "second"] as const)("is asked neither while it rests from the %s", (name) => {
    const gauges = openBoth();
    const { both } = gauges;
    const { fail, clock, breaker } = gauges[name];
    expect([both.isAsked(), both.admits(), both.health().state]).toEqual([true, true, "closed"]);
    fail(3);
    expect([both.isAsked(), both.admits(), both.health()]).toEqual([
      false,
      false,
      { state: "open", failures: 3, why: "verify was not answered" },
    ]);
    clock.nowMs += 1000;
    expect([both.isAsked(), both.health().state]).toEqual([true, "half_open"]);
    expect(both.admits()).toBe(true);
    breaker.answered();
    expect([both.admits(), both.health().state]).toEqual([true, "closed"]);
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
    const { second, both } = openBoth();
    second.fail(3);
    second.clock.nowMs += 1000;
    expect([both.admits(), both.admits()]).toEqual([true, true]);
    expect([both.begins(), both.begins(), both.admits()]).toEqual([true, false, false]);
    // Nothing came of it: another one sees.
    both.leaves();
    expect([both.admits(), both.begins(), both.begins()]).toEqual([true, true, false]);
    second.breaker.answered();
    both.leaves();
    expect([both.begins(), both.health().state]).toEqual([true, "closed"]);
  });
});
