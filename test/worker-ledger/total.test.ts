// What all payers together may have been served and not yet settled.

import { describe, expect, test } from "vitest";
import { buildExposure } from "../../src/ledger/index.ts";
import { type Payment, signPayment } from "../support/payment.ts";
import { calledEndpoints, decode, fresh, seen } from "../worker/client.ts";
import { answerOf, configOf, gateOf, type Held, newHeld, openLedger, requestOf } from "../worker/gate.ts";
import pricing from "../worker/pricing-ledger.ts";
import { upfront } from "./client.ts";

const config = configOf({ ...pricing, maxUnsettledTotal: "$0.02" });

/** Each test has a vault of its own. */
function gateWith(held: Held, name: string) {
  return gateOf(config, held, { exposure: buildExposure(() => openLedger(name)) });
}

const UNPAID = "/async/ok?settle=rejected:insufficient_funds";

describe("over the cap of the whole gate", () => {
  test("whoever comes next is asked to pay first, and is served when they do", async () => {
    const held = newHeld();
    const gate = gateWith(held, "total-1");
    const buy = async (path: string, payment: Payment) => answerOf(gate, requestOf(path, payment));
    for (let i = 0; i < 2; i++) expect((await buy(fresh(UNPAID), await signPayment("10000"))).status).toBe(200);
    const third = await signPayment("10000");
    const path = fresh("/async/ok");
    const refused = await buy(path, third);
    expect(refused.status).toBe(402);
    const { error, accepts } = decode(refused.headers.get("payment-required"));
    expect(error).toBe("gate_over_cap");
    expect(accepts).toEqual([expect.objectContaining({ extra: expect.objectContaining({ paymentFlow: "upfront" }) })]);
    expect(await seen(path)).toEqual([]);
    expect(await calledEndpoints(third)).toEqual(["/verify"]);
    // The authorization was given back, so it may be accepted as one that is settled first.
    const served = await buy(path, upfront(third));
    expect(served.status).toBe(200);
    expect(served.headers.has("payment-response")).toBe(true);
    await held.over();
  });

  test("routes that owe nobody anything sell as ever", async () => {
    const held = newHeld();
    const gate = gateWith(held, "total-2");
    for (let i = 0; i < 2; i++) await answerOf(gate, requestOf(fresh(UNPAID), await signPayment("10000")));
    expect((await answerOf(gate, requestOf(fresh("/after/ok"), await signPayment("10000")))).status).toBe(200);
    expect((await answerOf(gate, requestOf(fresh("/before/ok"), upfront(await signPayment("10000"))))).status).toBe(
      200,
    );
    await held.over();
  });
});

describe("what is no longer owed makes room:", () => {
  test.each<[string, string]>([
    ["what was settled", "/async/ok"],
    ["what was not sold", "/async/status/500"],
    ["what the facilitator did not vouch for", "/async/ok?verify=invalid:insufficient_funds"],
  ])("%s", async (_, url) => {
    const gate = gateWith(newHeld(), `total-${url}`);
    for (let i = 0; i < 4; i++) {
      const held = newHeld();
      const own = gateOf(config, held, { exposure: gate.exposure });
      await answerOf(own, requestOf(fresh(url), await signPayment("10000")));
      await held.over();
    }
    const held = newHeld();
    const last = await answerOf(
      gateOf(config, held, { exposure: gate.exposure }),
      requestOf(fresh("/async/ok"), await signPayment("10000")),
    );
    expect(last.status).toBe(200);
    await held.over();
  });
});

test("while nobody can say how much is owed, nothing more is: who wants it pays first", async () => {
  const held = newHeld();
  const exposure = buildExposure(() => {
    throw new Error("the object cannot be reached");
  });
  const path = fresh("/async/ok");
  const response = await answerOf(gateOf(config, held, { exposure }), requestOf(path, await signPayment("10000")));
  expect(response.status).toBe(402);
  expect(await seen(path)).toEqual([]);
  await held.over();
});
