import { describe, expect, test } from "vitest";
import { type Seal, sealId } from "../../../src/gateway/seal.ts";
import { signPayment } from "../../support/payment.ts";
import { type Around, idOf, openGate, reasonOf } from "./gate.ts";

const addressOf = async (seal: Seal, id: string): Promise<string> =>
  `/.faregate/payments/${await sealId(seal, "payment", id)}`;

/** With a payment that was taken. */
async function opened(around: Partial<Around> = {}) {
  const payment = await signPayment("10000");
  const key = { kty: "OKP", crv: "Ed25519", kid: "k", x: "x" };
  const changes = { publicKeys: async () => [key as never] };
  const gate = openGate({ unmatched: "free" }, { ...around, changes });
  expect(reasonOf(await gate.pay("/paid", payment))).toBe("sold");
  const address = await addressOf(gate.gate.seal, idOf(payment));
  gate.seen.length = 0;
  return { ...gate, payment, address, key };
}

describe("below the gate's own prefix", () => {
  test.each(["GET", "HEAD"])("%s tells the keys that requests to an API are signed with", async (method) => {
    const { ask, key } = await opened();
    expect(await ask("/.faregate/keys", { method })).toEqual({ kind: "told", json: { keys: [key] } });
  });

  test.each(["GET", "HEAD"])(
    "%s tells a payment's state to who has its address, and not what it bought",
    async (method) => {
      const { ask, payment, address, clock } = await opened();
      const { from, to, value } = payment.payload.authorization;
      expect(await ask(address, { method })).toEqual({
        kind: "told",
        json: {
          ...{ network: "eip155:84532", asset: expect.any(String), payer: from, payTo: to, amount: value },
          ...{ pay: "settled", delivery: "delivered", transaction: expect.stringMatching(/^0x/) },
          ...{ createdAtMs: clock.nowMs, updatedAtMs: clock.nowMs },
        },
      });
    },
  );

  test.each<[string, (address: string) => string]>([
    ["nothing", () => "/.faregate"],
    ["a room that there is not", () => "/.faregate/rooms"],
    ["more than the keys", () => "/.faregate/keys/x"],
    ["a payment without its address", () => "/.faregate/payments"],
    ["a payment of an empty address", () => "/.faregate/payments/"],
    ["an address that the gate did not hand out", () => "/.faregate/payments/a.b"],
    ["more than a payment", (address) => `${address}/x`],
    ["a payment in another room", (address) => address.replace("payments", "keys")],
  ])("%s is not found, and the API behind is not asked", async (_, change) => {
    const { ask, address, seen } = await opened();
    expect(reasonOf(await ask(change(address)))).toBe("not_found");
    expect(seen).toEqual([]);
  });

  test("a payment that was never claimed is not found", async () => {
    const { ask, gate } = openGate();
    expect(reasonOf(await ask(await addressOf(gate.seal, idOf(await signPayment("10000")))))).toBe("not_found");
  });

  test("a payment's state is not told while its ledger is away", async () => {
    const { ask, address } = await opened({ ledger: (method) => (method === "entry" ? "away" : "answers") });
    expect(reasonOf(await ask(address))).toBe("ledger_unavailable");
  });

  test("everything is only to be read", async () => {
    const { ask, address } = await opened();
    for (const path of ["/.faregate/keys", address]) {
      const outcome = await ask(path, { method: "DELETE" });
      expect(outcome).toMatchObject({ problem: { reason: "method_not_allowed", allow: ["GET", "HEAD"] } });
    }
  });
});
