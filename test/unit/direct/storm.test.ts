// Faults of every kind at once on a real chain: RPCs that break off, lose answers and refuse, a node that forgets what it
// holds, blocks that are late and dear, an object whose answers get lost and that is started anew. When they stop, every
// payment was made exactly once.

import { afterAll, beforeAll, expect, test } from "vitest";
import { PAY_TO } from "../../support/payment.ts";
import { pay, startWorld, type World } from "./world.ts";

const PAYMENTS = 24;
const GWEI = 10n ** 9n;
const SEED = Number(process.env["FAREGATE_DIRECT_SEED"] ?? 1);

let world: World;
beforeAll(async () => {
  world = await startWorld();
});
afterAll(() => world?.stop());

/** The same faults for the same seed, as far as one order of events goes. */
function buildRandom(seed: number): () => number {
  let state = seed;
  return () => {
    state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0;
    return state / 2 ** 32;
  };
}

test(`every payment is made once, whatever fails on the way (seed ${SEED})`, async () => {
  const random = buildRandom(SEED);
  let isStormy = true;
  const refusal = { error: { code: -32603, message: "not now" } };
  const answer = (method: string) => {
    const chance = isStormy ? random() : 1;
    if (chance < 0.08) return "break" as const;
    if (method !== "eth_sendRawTransaction") return "pass" as const;
    if (chance < 0.3) return { instead: refusal };
    return chance < 0.5 ? { after: refusal } : ("pass" as const);
  };
  const urls = [await world.startProxy({ answer }), await world.startProxy({ answer })];
  const relayer = await world.startRelayer({ urls, settleTimeoutMs: 800, resendMs: 100, replaceAfterMs: 300 });
  const payments = await Promise.all(Array.from({ length: PAYMENTS }, () => pay()));
  const before = await world.balanceOf(PAY_TO);
  await world.test.setAutomine(false);
  const blow = async () => {
    if (!isStormy) return world.test.mine({ blocks: 1 });
    if (random() < 0.5) relayer.relayers.restart();
    if (random() < 0.5) relayer.relayers.loseAnswer(Math.floor(random() * 4));
    const signed = relayer.signed();
    const victim = signed[Math.floor(random() * signed.length)];
    if (victim && random() < 0.7) await world.test.dropTransaction({ hash: victim.hash }).catch(() => undefined);
    if (random() < 0.5)
      await world.test.setNextBlockBaseFeePerGas({ baseFeePerGas: GWEI * BigInt(1 + (random() < 0.7 ? 0 : 8)) });
    if (random() < 0.3) await world.test.mine({ blocks: 1 });
  };
  // The last gust may meet a chain that is ended.
  const weather = setInterval(() => void blow().catch(() => undefined), 40);
  const said = [await Promise.all(payments.map(relayer.settle))].flat();
  for (let i = 0; i < 2; i++) said.push(...(await Promise.all(payments.map((one) => relayer.settleAgain(one, 800)))));
  expect(said.map(({ kind }) => kind)).not.toContain("rejected");
  isStormy = false;
  const last = await Promise.all(payments.map((payment) => relayer.settleAgain(payment, 30_000)));
  clearInterval(weather);
  const replaced = relayer.signed().length - PAYMENTS;
  console.info(JSON.stringify({ seed: SEED, unknown: said.filter(({ kind }) => kind === "unknown").length, replaced }));
  expect(last.map(({ kind }) => kind)).toEqual(payments.map(() => "settled"));
  expect((await world.balanceOf(PAY_TO)) - before).toBe(10_000n * BigInt(PAYMENTS));
  expect(new Set(last.map((one) => one.kind === "settled" && one.transaction)).size).toBe(PAYMENTS);
  // Every payment has one nonce, and what the chain counts are these.
  expect(new Set(relayer.signed().map(({ nonce }) => nonce)).size).toBe(PAYMENTS);
  expect(await relayer.nonces()).toBe(PAYMENTS);
});
