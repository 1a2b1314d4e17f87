// Who reads the chain: every authorization that was mined is public, with its signature and the call that it may have
// paid for. Secrets that only buyer and gate know are not.

import { headersOf } from "./envelope.ts";
import type { Payment } from "./facts.ts";
import { untilOf } from "./purse.ts";
import { COINS } from "./table.ts";
import { bodyOf, type Town, urlOf } from "./town.ts";
import { CONTRACT, contractSignature, idOf, nonceOf, signText, THIEF } from "./wallet.ts";

const KEYS = [null, "order-7", "a-secret-that-a-thief-made-up-today"];

export async function steal(town: Town, times: number): Promise<void> {
  const { world, facts } = town;
  for (let i = 0; i < times; i++) {
    await world.pause(world.random.delayMs(15_000, 60_000), "looks around");
    const known = facts.all().filter(({ paid, isForged, isPaidByItself }) => paid && !isForged && !isPaidByItself);
    if (known.length > 0) await present(town, world.random.pick(known));
    if (world.random.chance(0.2)) await forge(town, i);
  }
}

async function present(town: Town, payment: Payment): Promise<void> {
  const { world, visits, isolates } = town;
  const { errand, coin, signed, id } = payment;
  const key = world.random.pick(KEYS);
  const spelling = { signed, coin, amount: BigInt(signed.authorization.value), errand: { ...errand, key } };
  const flow = errand.route === "/before" ? "upfront" : null;
  const headers = headersOf(spelling, flow, world.random.chance(0.3) ? await voucherOf(town, id) : null, world.random);
  const visitor = { name: "thief", payment: id, isThief: true, isFair: false };
  const wire = { method: errand.method, url: urlOf(errand), headers, body: bodyOf(errand) };
  world.tally.count("world", "thefts tried");
  await visits.visit(world.random.pick(isolates), visitor, wire);
}

/** Signed, but not by the payer; or sealed, but not by the gate. */
async function voucherOf({ world }: Town, id: string): Promise<string> {
  const encoded = Buffer.from(id).toString("base64url");
  const until = untilOf(world.nowMs);
  return world.random.chance(0.5)
    ? `${encoded}.${until}.${await signText(THIEF, `Deliver ${id} until ${until}`)}`
    : `${encoded}.${"A".repeat(43)}`;
}

/** A signature that the contract never made. */
async function forge(town: Town, number: number): Promise<void> {
  const { world, facts, visits, isolates } = town;
  const [coin] = COINS;
  const nonce = nonceOf("forged", number);
  const validBefore = Math.ceil((world.nowMs / 1_000 + 300) / 120) * 120;
  const authorization = {
    from: CONTRACT,
    to: "0x209693Bc6afc0C5328bA36FaF03C514EF312287C",
    value: "10000",
    validAfter: "0",
    validBefore: String(validBefore),
    nonce,
  };
  const signed = { signature: contractSignature(nonce).replace("c0c0", "dead"), authorization, settler: null };
  const errand = { id: `forged${number}`, route: "/wallet", method: "GET", key: null } as const;
  const id = idOf(coin.asset, signed);
  facts.add({ id, coin, errand, payer: "contract", signed, isForged: true });
  const headers = headersOf({ signed, coin, amount: 10_000n, errand }, null, null, world.random);
  const visitor = { name: "thief", payment: id, isThief: true, isFair: false };
  await visits.visit(world.random.pick(isolates), visitor, { method: "GET", url: urlOf(errand), headers, body: null });
}
