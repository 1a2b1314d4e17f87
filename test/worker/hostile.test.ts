// A facilitator that does what it likes. Whatever that is: what the buyer hears, what the ledger holds, that the API works
// once at most, that nobody is asked for another payment while the first may have settled, and that nothing goes out
// that was not paid for.

import { afterEach, describe, expect, test } from "vitest";
import { signPayment } from "../support/payment.ts";
import { calledEndpoints, fresh, pay, seen, untilFacilitatorIsAsked } from "./client.ts";
import { rowOf } from "./in-ledger.ts";

afterEach(untilFacilitatorIsAsked);

interface Told {
  readonly status: number;
  readonly error: string;
  /** Whether another payment is asked for. */
  readonly invites: boolean;
}

const UNAVAILABLE: Told = { status: 503, error: "facilitator_unavailable", invites: false };
const UNKNOWN: Told = { status: 503, error: "settlement_unknown", invites: false };
const refused = (error: string): Told => ({ status: 402, error, invites: true });

/** What it does; what the buyer hears; `pay` and `delivery` of the ledger; how often the API worked. */
const behaviours: readonly (readonly [query: string, told: Told, ledger: string, executions: number])[] = [
  ["verify=hang", UNAVAILABLE, "released, none", 0],
  ["verify=drop", UNAVAILABLE, "released, none", 0],
  ["verify=html", UNAVAILABLE, "released, none", 0],
  ["verify=redirect", UNAVAILABLE, "released, none", 0],
  ["verify=endless", UNAVAILABLE, "released, none", 0],
  ["verify=empty", UNAVAILABLE, "released, none", 0],
  ["verify=headers", UNAVAILABLE, "released, none", 0],
  ["verify=shapeless", UNAVAILABLE, "released, none", 0],
  ["verify=stranger", UNAVAILABLE, "released, none", 0],
  ["verify=valid500", UNAVAILABLE, "released, none", 0],
  ["verify=invalid:insufficient_funds", refused("insufficient_funds"), "released, none", 0],
  ["settle=rejected:insufficient_funds", refused("insufficient_funds"), "rejected, none", 1],
  ["settle=hang", UNKNOWN, "unknown, none", 1],
  ["settle=drop", UNKNOWN, "unknown, none", 1],
  // It settled, and the answer was lost.
  ["settle=lost", UNKNOWN, "unknown, none", 1],
  ["settle=html", UNKNOWN, "unknown, none", 1],
  ["settle=redirect", UNKNOWN, "unknown, none", 1],
  ["settle=endless", UNKNOWN, "unknown, none", 1],
  ["settle=empty", UNKNOWN, "unknown, none", 1],
  ["settle=headers", UNKNOWN, "unknown, none", 1],
  ["settle=shapeless", UNKNOWN, "unknown, none", 1],
  ["settle=stranger", UNKNOWN, "unknown, none", 1],
  ["settle=elsewhere", UNKNOWN, "unknown, none", 1],
  ["settle=hashless", UNKNOWN, "unknown, none", 1],
  ["settle=settled500", UNKNOWN, "unknown, none", 1],
  ["settle=settled400", UNKNOWN, "unknown, none", 1],
  ["settle=broadcast:insufficient_funds", UNKNOWN, "unknown, none", 1],
  ["settle=rejected:a_reason_of_tomorrow", UNKNOWN, "unknown, none", 1],
  // Under way for ever.
  ["settle=pending:99", UNKNOWN, "unknown, none", 1],
];

describe("a facilitator may do what it likes", () => {
  test.each(behaviours)("with ?%s", async (query, { status, error, invites }, ledger, executions) => {
    const path = fresh(`/paid/ok?${query}`);
    const payment = await signPayment("10000");
    const response = await pay(path, payment);
    expect(response.status).toBe(status);
    const text = await response.text();
    expect(JSON.parse(text)).toMatchObject({ error });
    expect(text).not.toContain("goods");
    expect(response.headers.has("payment-required")).toBe(invites);
    const held = async (): Promise<string> => {
      const row = await rowOf(payment);
      return `${row?.["pay"]}, ${row?.["delivery"]}`;
    };
    await expect.poll(held).toBe(ledger);
    expect(await seen(path)).toHaveLength(executions);
    // Nothing is settled that was not verified, and by nobody twice without being asked again.
    const settles = (await calledEndpoints(payment)).filter((endpoint) => endpoint === "/settle").length;
    if (executions === 0) expect(settles).toBe(0);
    else if (!query.includes("pending")) expect(settles).toBe(1);
  });

  test("but one transaction is taken for one payment", async () => {
    const path = (): string => fresh("/paid/ok?settle=repeated");
    expect((await pay(path(), await signPayment("10000"))).status).toBeOneOf([200, 503]);
    const payment = await signPayment("10000");
    const response = await pay(path(), payment);
    expect(response.status).toBe(503);
    expect(await response.text()).not.toContain("goods");
    await expect.poll(async () => (await rowOf(payment))?.["pay"]).toBe("unknown");
  });
});
