// What names a payment is proved to be the gate's own word before any payer's ledger hears of it: addresses and tokens
// that are guessed wake nobody.

import { describe, expect, test } from "vitest";
import { encodeId, sealId } from "../../../src/gateway/seal.ts";
import type { Books } from "../../../src/ledger/index.ts";
import { newAccount, unixNow } from "../../support/payment.ts";
import { openGate } from "./gate.ts";

const id = `eip155:84532|0x${"03".repeat(20)}|0x${"85".repeat(20)}|0x${"a1".repeat(32)}`;

/** A gate whose payers' ledgers only remember that they were asked. */
function openWatched() {
  const woken: string[] = [];
  const ask = (method: string) => async () => {
    woken.push(method);
    return { ok: false, error: "unavailable" };
  };
  const books = new Proxy({} as Books, { get: (_, method) => ask(String(method)) });
  return { ...openGate({}, { changes: { books } }), woken };
}

type World = ReturnType<typeof openWatched>;

const wrong: [string, (world: World) => Promise<string> | string][] = [
  ["without a MAC", () => encodeId(id)],
  ["with a MAC of nothing", () => `${encodeId(id)}.${"A".repeat(43)}`],
  ["with the MAC of another payment", async ({ gate }) => `${encodeId(id)}.${await macOf(gate, "payment", `${id}0`)}`],
  ["about what is no payment", async ({ gate }) => `${encodeId("x")}.${await macOf(gate, "payment", "x")}`],
];

const macOf = async (gate: World["gate"], purpose: "payment" | "redeem", text: string): Promise<string> =>
  (await sealId(gate.seal, purpose, text))?.split(".")[1] ?? "";

describe("a payment's address", () => {
  test.each(wrong)("%s wakes no payer's ledger, and says nothing", async (_, make) => {
    const world = openWatched();
    const outcome = await world.ask(`/.faregate/payments/${await make(world)}`);
    expect(outcome).toEqual({ kind: "refused", problem: { reason: "not_found" } });
    expect(world.woken).toEqual([]);
  });

  test("that the gate handed out is asked about", async () => {
    const world = openWatched();
    await world.ask(`/.faregate/payments/${await sealId(world.gate.seal, "payment", id)}`);
    expect(world.woken).toEqual(["entry"]);
  });
});

describe("a right to what was paid for", () => {
  const redeem = (world: World, voucher: string) =>
    world.ask("/paid", { headers: new Headers({ "faregate-redeem": voucher }) });
  const signed = async () => {
    const until = unixNow() + 600;
    const signature = await newAccount().signMessage({ message: "Deliver it" });
    return `${encodeId(id)}.${until}.${signature}`;
  };

  test.each<[string, (world: World) => Promise<string> | string]>([
    ...wrong,
    ["with the MAC of the payment's address", async ({ gate }) => String(await sealId(gate.seal, "payment", id))],
    ["that somebody else signed", signed],
  ])("%s wakes no payer's ledger, and opens nothing", async (_, make) => {
    const world = openWatched();
    const outcome = await redeem(world, await make(world));
    expect(outcome).toEqual({ kind: "refused", problem: { reason: "invalid_voucher" } });
    expect(world.woken).toEqual([]);
  });

  test("that the gate handed out is asked about", async () => {
    const world = openWatched();
    await redeem(world, String(await sealId(world.gate.seal, "redeem", id)));
    expect(world.woken).toEqual(["present"]);
  });
});
