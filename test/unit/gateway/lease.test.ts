// For how long a payment is an attempt's own, and that somebody else has the time to settle what was served.

import { describe, expect, test } from "vitest";
import { leaseOf, meteredMs, neededMs } from "../../../src/gateway/gate.ts";
import { openGate } from "./gate.ts";

const NOW = 1_800_000_000_000;
const metered = { upto: "$0.05", meter: [{ usd: "1", per: "1K", of: "usage.units" }] };
const { gate } = openGate({
  facilitators: [{ url: "https://facilitator.example", verifyTimeoutSeconds: 5, settleTimeoutSeconds: 20 }],
  upstream: { url: "https://upstream.example", timeoutSeconds: 30 },
  maxTimeoutSeconds: 300,
  routes: {
    "/after": "$0.01",
    "/async": { price: "$0.01", settle: "async", maxUnsettled: "$1" },
    "/metered": { price: metered },
  },
});
const accessOf = (path: string) => {
  const access = gate.config.routes.find(({ key }) => key === path)?.access;
  return access?.kind === "paid" ? access : expect.fail();
};
/** An authorization for so many seconds from now on. */
const signedFor = (seconds: number) => ({ validBeforeMs: NOW + seconds * 1000 }) as Parameters<typeof leaseOf>[1];
/** In seconds, where it is claimed now. */
function lastsOf(path: string, seconds: number): number {
  const { leaseMs, leaseEndsMs } = leaseOf(accessOf(path), signedFor(seconds));
  return Math.min(leaseMs, leaseEndsMs - NOW) / 1000;
}

describe("an attempt", () => {
  test.each([
    ["/after", 55],
    ["/async", 70],
    ["/metered", 70],
  ])("of %s takes an authorization of %i seconds at least", (path, seconds) => {
    expect(neededMs(accessOf(path))).toBe(seconds * 1000);
  });

  test.each([
    ["has all its time and what is between, where nothing is served before it is settled", "/after", 55, 85],
    ["has it where the authorization lasts", "/async", 300, 85],
    ["leaves 15 seconds of the authorization to who settles what it served", "/async", 70, 55],
    ["has as long as its stream may last, and leaves as much", "/metered", 300, 285],
    ["leaves as much of a short one", "/metered", 70, 55],
    ["has no more of a long one than a stream takes that begins as late as may be", "/metered", 3600, 340],
  ])("%s", (_, path, seconds, lasts) => {
    expect(lastsOf(path, seconds)).toBe(lasts);
  });

  test.each([70, 85, 300, 355, 3600])(
    "has its whole stream in its lease, of an authorization of %i seconds",
    (seconds) => {
      const access = accessOf("/metered");
      // Its head comes as late as may be: both verify and the upstream took all their time.
      for (const headMs of [0, 35_000]) {
        const at = { ...gate, nowMs: () => NOW + headMs };
        const endMs = headMs + meteredMs(at, { access } as Parameters<typeof meteredMs>[1], signedFor(seconds));
        expect(endMs + 20_000).toBeLessThanOrEqual(lastsOf("/metered", seconds) * 1000);
        expect(lastsOf("/metered", seconds)).toBeLessThanOrEqual(seconds - 15);
      }
    },
  );
});
