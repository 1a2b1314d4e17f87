import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { type Standing, trustIn } from "../../../src/direct/trust.ts";

const NOBODY: Standing = { burned: 0, open: 0, paid: 0, openOnTrust: 0, burnedOnTrust: 0 };
const trust = (changes: Partial<Standing>) => trustIn({ ...NOBODY, ...changes });

const trusted = (isOnTrust: boolean) => ({ kind: "trusted", isOnTrust });
const waits = { kind: "waits" };
const refused = (reason: string) => ({ kind: "refused", reason });
const OWN = "payer_reverted_too_often";
const ALL = "relayer_reverted_too_often";

describe("a payer", () => {
  test.each<[string, Partial<Standing>, object]>([
    ["who is new is trusted", {}, trusted(true)],
    ["who has paid needs no trust", { paid: 1 }, trusted(false)],
    ["who has as many under way as were paid needs some", { paid: 5, open: 5 }, trusted(true)],
    ["is trusted with eight at once", { open: 7 }, trusted(true)],
    ["waits with the ninth", { open: 8 }, waits],
    ["is trusted with eight more than were paid", { paid: 5, open: 12 }, trusted(true)],
    ["waits with one more", { paid: 5, open: 13 }, waits],
    ["who burned some has so many less", { burned: 2, open: 6 }, waits],
    ["who burned two may go on", { burned: 2 }, trusted(true)],
    ["who burned three is refused", { burned: 3 }, refused(OWN)],
    ["who burned three is refused, whatever was paid", { burned: 3, paid: 64 }, refused(OWN)],
  ])("%s", (_, standing, expected) => {
    expect(trust(standing)).toEqual(expected);
  });
});

describe("of all strangers together", () => {
  test.each<[string, Partial<Standing>, object]>([
    ["thirty are sent at once", { openOnTrust: 29 }, trusted(true)],
    ["the next one waits", { openOnTrust: 30 }, waits],
    ["what burned counts with what is under way", { openOnTrust: 10, burnedOnTrust: 20 }, waits],
    ["nobody is sent anything when thirty have burned", { burnedOnTrust: 30 }, refused(ALL)],
    ["who has something under way waits for it", { burnedOnTrust: 30, open: 1 }, waits],
  ])("%s", (_, standing, expected) => {
    expect(trust(standing)).toEqual(expected);
  });

  test.each([
    ["under way", { openOnTrust: 30 }],
    ["burned", { burnedOnTrust: 30 }],
  ])("however many are %s, who has paid goes on", (_, standing) => {
    expect(trust({ ...standing, paid: 3, open: 2 })).toEqual(trusted(false));
    expect(trust({ ...standing, paid: 3, open: 3 })).toEqual(waits);
    expect(trust({ ...standing, paid: 3, open: 0, burned: 2 })).toEqual(trusted(false));
  });
});

test("nobody waits for nothing", () => {
  const count = fc.nat({ max: 40 });
  const standing = fc.record({ burned: count, open: count, paid: count, openOnTrust: count, burnedOnTrust: count });
  const run = fc.property(standing, (one) => {
    if (trustIn(one).kind === "waits") expect(one.open + one.openOnTrust).toBeGreaterThan(0);
  });
  fc.assert(run, { numRuns: 500 });
});
