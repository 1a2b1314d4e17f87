// A credit is no word only: when all is well again its buyer comes for it, and gets it (invariant 4).

import type { Payment } from "./facts.ts";
import type { LedgerNodes } from "./ledgers.ts";
import { Violation } from "./process.ts";
import { voucherOf } from "./purse.ts";
import { bodyOf, type Town, urlOf } from "./town.ts";
import { PAYERS } from "./wallet.ts";

/** By then every authorization has run out, and every settlement is known. */
const AFTER_MS = 900_000;
const REDELIVERIES_MAX = 3;

/** @param names of `PAYERS` */
export async function collect(town: Town, books: LedgerNodes, names: readonly string[]): Promise<void> {
  const { world, facts } = town;
  await world.pause(AFTER_MS, "comes for what is owed");
  for (const payment of facts.all()) {
    const row = books.row(payment.id);
    const isCredit = row?.pay === "settled" && (row.delivery === "undelivered" || row.delivery === "truncated");
    const account = PAYERS[names.indexOf(payment.payer)];
    // Some are left to expire.
    if (!isCredit || !account || payment.isReused || row.redemptions >= REDELIVERIES_MAX || world.random.chance(0.4))
      continue;
    await fetchGoods(town, payment, await voucherOf(account, payment.id, world.nowMs));
  }
}

async function fetchGoods({ world, visits, isolates }: Town, payment: Payment, voucher: string): Promise<void> {
  const { errand, id, payer } = payment;
  const body = bodyOf(errand);
  const headers = new Headers({ "faregate-redeem": voucher });
  if (body) headers.set("content-length", String(body.byteLength));
  const visitor = { name: payer, payment: id, isThief: false, isFair: false };
  const wire = { method: errand.method, url: urlOf(errand), headers, body };
  const answer = await visits.visit(world.random.pick(isolates), visitor, wire);
  world.tally.count("world", "credits collected");
  if (answer.status !== 200 || !answer.text.includes(`goods of ${errand.id}.`))
    throw new Violation("4", `a credit is answered ${answer.status} ${answer.text}`);
}
