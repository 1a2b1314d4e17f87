// `npm run test:chaos -- --minutes N --seed S`: the production bundle under load while everything around it breaks and
// it is itself killed with SIGKILL, on one state. Then the faults stop, and the books are held against the chain.

import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { privateKeyToAccount } from "viem/accounts";
import { parseOptions, runCommand, UsageError } from "../../tools/command-line.ts";
import { atExit } from "../../tools/stack/at-exit.ts";
import { signRedemption } from "../e2e/ledger-client.ts";
import { PAY_TO } from "../support/payment.ts";
import { type Attempt, type Call, insist, newCall, type Shop, sendPayment, sendVoucher } from "./buyer.ts";
import { startWildChain } from "./chain.ts";
import { startMortalFacilitator } from "./facilitator.ts";
import { goWrong, type Parts, type Tally } from "./faults.ts";
import { startMortalGate } from "./gate.ts";
import { type KeptRow, readBooks, readLedgers } from "./kept-books.ts";
import { type Random, seeded } from "./random.ts";
import { startFailingUpstream } from "./upstream.ts";
import { difference, type Facts, isCharged, isCredit, isExhausted, isOpen, rowsOf, violations } from "./verdict.ts";

const usage = "npm run test:chaos -- [--minutes N] [--seed S]";

const PAYERS = 8;
const LANES = 16;
const TIMEOUT_SECONDS = 35;
const LIMITS_SECONDS = { verify: 3, upstream: 2, settle: 4, margin: 15 };
const LEASE_MS = Object.values(LIMITS_SECONDS).reduce((sum, seconds) => sum + seconds, 0) * 1000;
/** Beyond every authorization, and the gate's own margin after it. */
const SURELY_OVER_SECONDS = TIMEOUT_SECONDS + 150;
/** Settling goes on for so long before the chain's time is moved on. */
const SETTLING_MS = 12_000;
/** Whoever was finding out when the gate was killed has a lease of a minute and a half. */
const END_MS_MAX = 240_000;
const ALARM_MS_MAX = 20_000;

const table = (upstream: string, facilitator: string, rpc: string) => ({
  upstream: { url: upstream, timeoutSeconds: LIMITS_SECONDS.upstream },
  payTo: PAY_TO,
  accepts: ["base-sepolia"],
  facilitators: [
    { url: facilitator, verifyTimeoutSeconds: LIMITS_SECONDS.verify, settleTimeoutSeconds: LIMITS_SECONDS.settle },
  ],
  rpc: { "base-sepolia": rpc },
  maxTimeoutSeconds: TIMEOUT_SECONDS,
  maxInFlight: 1000,
  maxUncharged: 1000,
  routes: {
    "/after": "$0.01",
    "/before": { price: "$0.02", settle: "before" },
    "/async": { price: "$0.03", settle: "async", maxUnsettled: "$50" },
  },
});

async function main(): Promise<number> {
  const { values } = parseOptions(
    { options: { minutes: { type: "string" }, seed: { type: "string" } } },
    process.argv.slice(2),
  );
  const minutes = Number(values.minutes ?? 5);
  const seed = Number(values.seed ?? Date.now() % 1_000_000);
  if (!(minutes > 0) || !Number.isInteger(seed)) throw new UsageError("Write --minutes and --seed as numbers.");
  console.log(`chaos: seed ${seed}, ${minutes} minutes of faults`);
  const directory = mkdtempSync(join(tmpdir(), "faregate-chaos-"));
  const forget = atExit(() => rmSync(directory, { recursive: true, force: true }));
  const random = seeded(seed);
  const errors: string[] = [];
  const parts = await startParts(directory, random, (text) => {
    // The runtime's own words about an alarm that was late because it had been killed.
    if (!text.startsWith("NOSENTRY SQLite alarm")) errors.push(text);
  });
  try {
    return await runChaos(parts, { directory, random, seed, minutes, errors });
  } finally {
    await parts.gate.stop();
    await parts.facilitator.stop();
    await parts.upstream.stop();
    await parts.chain.stop();
    rmSync(directory, { recursive: true, force: true });
    forget();
  }
}

async function startParts(directory: string, random: Random, onError: (text: string) => void): Promise<Parts> {
  const chain = await startWildChain();
  const facilitator = await startMortalFacilitator(chain.rpc, random);
  const upstream = await startFailingUpstream(random);
  const pricingFile = join(directory, "pricing.json");
  writeFileSync(pricingFile, JSON.stringify(table(upstream.url, facilitator.url, chain.rpc)));
  return { chain, facilitator, upstream, gate: await startMortalGate(pricingFile, directory, onError) };
}

interface Run {
  readonly directory: string;
  readonly random: Random;
  readonly seed: number;
  readonly minutes: number;
  readonly errors: readonly string[];
}

async function runChaos(parts: Parts, { directory, random, seed, minutes, errors }: Run): Promise<number> {
  const { chain, gate } = parts;
  const stateDir = join(directory, "state");
  const payers = Array.from({ length: PAYERS }, () => privateKeyToAccount(drawKey(random)));
  await chain.fund(payers);
  const shop: Shop = { gate: gate.url, offers: new Map() };
  const calls: Call[] = [];
  const alarmMs = await checkAlarm(parts, shop, newCallAt("/async/whole?call=alarm", payers[0], calls), stateDir);
  const untilMs = Date.now() + minutes * 60_000;
  const isOver = (): boolean => Date.now() >= untilMs;
  const lane = async (): Promise<void> => {
    while (!isOver()) {
      const call = newCall(calls.length, payers, random);
      calls.push(call);
      await insist(shop, call, random, isOver);
      await sleep(random.between(0, 150));
    }
  };
  const [tally] = await Promise.all([goWrong(parts, random, untilMs), ...Array.from({ length: LANES }, lane)]);
  const endedMs = await waitForEnd(parts, stateDir);
  const before = await gather(parts, stateDir, calls);
  const credits = before.ledgers.filter(isCredit).length;
  const refused = await collect(shop, before);
  await waitForEnd(parts, stateDir);
  const facts = await gather(parts, stateDir, calls);
  const wrong = [
    ...(alarmMs === null ? ["no alarm came after the gate was killed"] : []),
    ...(endedMs === null ? ["something was still open when all the time was over"] : []),
    ...refused,
    ...violations(facts),
  ];
  report({ seed, tally, facts, credits, alarmMs, endedMs, errors });
  for (const words of wrong.slice(0, 20)) console.log(`WRONG: ${words}`);
  if (wrong.length > 0) for (const words of errors.slice(-20)) console.log(`CONSOLE: ${words}`);
  console.log(wrong.length === 0 ? "chaos: passed" : `chaos: FAILED, ${wrong.length} wrong; seed ${seed}`);
  return wrong.length === 0 ? 0 : 1;
}

const drawKey = (random: Random): `0x${string}` =>
  `0x01${Array.from({ length: 62 }, () => Math.floor(random.next() * 16).toString(16)).join("")}`;

function newCallAt(path: string, payer: Call["payer"] | undefined, calls: Call[]): Call {
  if (!payer) throw new Error("there is nobody to pay");
  const call: Call = { path, payer, key: null, attempts: [], goods: null, voucher: null };
  calls.push(call);
  return call;
}

/** Something is owed when the gate is killed, and nobody asks for it afterwards: only an alarm can settle it. */
async function checkAlarm(parts: Parts, shop: Shop, call: Call, stateDir: string): Promise<number | null> {
  const { gate, facilitator } = parts;
  facilitator.network.settlesLost = 1;
  await sendPayment(shop, call, 10_000);
  // On record as served and not settled; before that only the end of a lease would wake anybody.
  while (!readLedgers(stateDir).some(({ pay }) => pay === "unknown")) await sleep(50);
  await gate.kill();
  facilitator.network.settlesLost = 0;
  await gate.start();
  const startMs = Date.now();
  while (Date.now() < startMs + ALARM_MS_MAX) {
    if (readBooks(stateDir).some(({ pay }) => pay === "settled")) return Date.now() - startMs;
    await sleep(100);
  }
  return null;
}

/** In milliseconds; null where something stays open. */
async function waitForEnd({ chain }: Parts, stateDir: string): Promise<number | null> {
  const startMs = Date.now();
  let isMoved = false;
  while (Date.now() < startMs + END_MS_MAX) {
    await sleep(500);
    const ledgers = readLedgers(stateDir);
    const books = new Map(readBooks(stateDir).map((row) => [row.id, row]));
    const isTold = ledgers.every(({ id, pay, delivery }) => {
      const sold = books.get(id);
      return pay === "released" || (sold?.pay === pay && sold.delivery === delivery);
    });
    const isDelivering = ledgers.some(({ pay, delivery }) => pay === "settled" && delivery === "none");
    if (isTold && !isDelivering && !ledgers.some(isOpen)) return Date.now() - startMs;
    if (isMoved || Date.now() < startMs + SETTLING_MS) continue;
    isMoved = true;
    await chain.skip(SURELY_OVER_SECONDS);
  }
  return null;
}

async function gather({ chain, upstream }: Parts, stateDir: string, calls: readonly Call[]): Promise<Facts> {
  const [transfers, used] = [await chain.transfers(), await chain.used()];
  const [books, ledgers] = [readBooks(stateDir), readLedgers(stateDir)];
  const { executions } = upstream;
  const money = { network: chain.network, asset: chain.asset, payTo: PAY_TO };
  return { calls, books, ledgers, transfers, used, executions, leaseMs: LEASE_MS, ...money };
}

/** Everybody who paid and has nothing comes once more, now that all is well: nobody may go away without. */
async function collect(shop: Shop, facts: Facts): Promise<readonly string[]> {
  const refused: string[] = [];
  for (const call of facts.calls) {
    const rows = rowsOf(call, facts);
    const visits: (Attempt | null)[] = [];
    for (const { id } of rows.filter((row) => isCredit(row) && !isExhausted(row))) {
      visits.push(await redeem(shop, call, id));
    }
    const isKept = call.key !== null && call.goods === null && call.path.includes("/whole") && rows.some(isSold);
    if (visits.length === 0 && isKept) visits.push(await askAgain(shop, call));
    for (const visit of visits) {
      if (visit?.status === 200) continue;
      refused.push(`what was paid for was not delivered (${visit?.status} ${visit?.error}): ${call.path}`);
    }
  }
  return refused;
}

/** Handed over, as far as the gate can know; with a key it is kept, for whoever never got it. */
const isSold = (row: KeptRow): boolean => row.pay === "settled" && row.delivery === "delivered";

/** The chain's time was moved on, so that this payment has to last longer than others. */
const askAgain = (shop: Shop, call: Call): Promise<Attempt | null> =>
  sendPayment(shop, call, 10_000, 2 * SURELY_OVER_SECONDS);

/** With the token in hand where it is this payment's, else with the payer's signature. */
async function redeem(shop: Shop, call: Call, id: string): Promise<Attempt> {
  const isOwn = call.voucher?.startsWith(`${Buffer.from(id).toString("base64url")}.`) === true;
  const voucher = isOwn ? call.voucher : null;
  return sendVoucher(shop, call, voucher ?? (await signRedemption(shop.gate, id, call.payer)), 10_000);
}

interface Report {
  readonly seed: number;
  readonly tally: Tally;
  readonly facts: Facts;
  readonly credits: number;
  readonly alarmMs: number | null;
  readonly endedMs: number | null;
  readonly errors: readonly string[];
}

function report({ seed, tally, facts, credits, alarmMs, endedMs, errors }: Report): void {
  const { calls, ledgers, books, transfers } = facts;
  const charged = ledgers.filter(({ id }) => isCharged(id, facts));
  const exhausted = ledgers.filter(isExhausted).length;
  const count = (isSo: (row: (typeof ledgers)[number]) => boolean): number => ledgers.filter(isSo).length;
  const lines: readonly (readonly [string, unknown])[] = [
    ["seed", seed],
    [
      "calls",
      `${calls.length}, ${calls.flatMap(({ attempts }) => attempts).length} attempts, ${calls.filter(({ goods }) => goods !== null).length} served to their clients`,
    ],
    ["kills", `gate ${tally.gateKills}, facilitator ${tally.facilitatorKills}`],
    ["faults", [...tally.others].map(([name, times]) => `${name} ${times}`).join(", ")],
    ["charged", charged.length],
    ["delivered", count(({ pay, delivery }) => pay === "settled" && delivery === "delivered")],
    ["redeemed", count(({ delivery }) => delivery === "redeemed")],
    ["credits", `${credits} when the faults had ended, ${count(isCredit)} in the end, ${exhausted} of them given up`],
    ["uncharged", count(({ pay }) => pay === "uncharged" || pay === "rejected")],
    ["failed", count(({ pay }) => pay === "failed")],
    ["undetermined", count(({ pay }) => pay === "undetermined")],
    ["chain transfers", transfers.length],
    ["difference", `ledgers ${difference(ledgers, facts)}, seller's books ${difference(books, facts)}`],
    ["alarm after kill -9", alarmMs === null ? "none" : `${alarmMs} ms after the restart`],
    ["nothing open after", endedMs === null ? "never" : `${endedMs} ms`],
    ["lines on the gate's console", errors.length],
  ];
  for (const [name, value] of lines) console.log(`  ${name.padEnd(28)} ${value}`);
}

await runCommand(usage, main);
