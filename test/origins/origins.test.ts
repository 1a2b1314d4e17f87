// What the production bundle forwards unpaid, held against what real origins make of it. Whichever handler ran is told by
// the origin itself; a handler of something that is sold or closed, for a request that nobody paid, is a leak.

import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { type Gates, startGates } from "../e2e/gates.ts";
import { cases } from "./cases.ts";
import { type Attack, corpus } from "./corpus.ts";
import { exchange, inLanes, type Verdict } from "./exchange.ts";
import { type Origin, type Origins, originNames, startOrigins, tableOf } from "./origins.ts";
import { missingPackages } from "./packages.ts";

const isQuick = process.env["FAREGATE_ORIGINS_QUICK"] === "1";
const SEED = Number(process.env["FAREGATE_ORIGINS_SEED"] ?? 20_261_125);
/** Distinct request targets for each origin. */
const TARGETS = isQuick ? 400 : 6000;
const LANES = 16;
/** A gate that refuses everything, or sells everything, would prove nothing. */
const SHARE_MIN = 0.3;

const names = originNames();
let origins: Origins;
let gates: Gates;
const figures: { readonly [column: string]: string | number }[] = [];

beforeAll(async () => {
  origins = await startOrigins();
  gates = await startGates(origins.all.map(tableOf));
});
afterAll(async () => {
  await gates?.stop();
  await origins?.stop();
  console.table(figures);
});

const originOf = (name: string): Origin =>
  origins.all.find((origin) => origin.name === name) ?? expect.fail(`${name} did not start`);
const gateOf = (name: string): string => gates.urls[origins.all.findIndex((origin) => origin.name === name)] ?? "";

let probes = 0;
/** An id for each request of a round, in the order of the requests. */
function probesFor(count: number): {
  readonly of: (i: number) => string;
  readonly indexOf: (probe: string) => number | null;
} {
  const first = probes;
  probes += count;
  return {
    of: (i) => `p${first + i}`,
    indexOf: (probe) => {
      const i = Number(/^p(\d+)/.exec(probe)?.[1] ?? Number.NaN) - first;
      return i >= 0 && i < count ? i : null;
    },
  };
}

interface Round {
  readonly verdicts: readonly Verdict[];
  /** Which requests made something run that is sold. */
  readonly sold: ReadonlySet<number>;
  /** And which of them, by their answers, passed. */
  readonly ran: ReadonlySet<number>;
}

/** What a server writes down is there a moment after its answer. */
const SETTLE_MS = 200;

async function send(url: string, raws: readonly string[]): Promise<Round> {
  const ids = probesFor(raws.length);
  const verdicts: Verdict[] = [];
  await inLanes(raws, LANES, async (raw, i) => {
    verdicts[i] = (await exchange(url, raw.replaceAll("{probe}", ids.of(i)))).verdict;
  });
  await new Promise((resolve) => setTimeout(resolve, SETTLE_MS));
  const sold = new Set<number>();
  const ran = new Set<number>();
  for (const line of origins.log()) {
    const [probe = "", what] = line.split(" ");
    const i = ids.indexOf(probe);
    if (i === null) continue;
    ran.add(i);
    if (what === "paid") sold.add(i);
  }
  return { verdicts, sold, ran };
}

const shown = (raw: string): string => JSON.stringify(raw);

const filled = (raw: string, { places }: Origin): string =>
  raw
    .replaceAll("{paid}", places.paid[0] ?? "")
    .replaceAll("{free}", places.free[0] ?? "")
    .replaceAll("{open}", places.open)
    .replaceAll("{jobs}", places.jobs)
    .replaceAll("{vhost}", places.vhost);

/** A file of it, where it is one of files. */
const vaultOf = (name: string): string => (name.includes("PHP") ? "/vault/" : "/vault/secret.txt");

const request = (method: string, target: string): string => {
  const length = method === "GET" ? "" : "Content-Length: 0\r\n";
  return `${method} ${target} HTTP/1.1\r\nHost: api.example\r\nX-Probe: {probe}\r\n${length}Connection: close\r\n\r\n`;
};

test("every origin is there, or is told as missing where nobody waits for it", () => {
  const missing = missingPackages();
  if (missing.length > 0) console.warn(`Not to be had here, so not tested: ${missing.join(", ")}`);
  if (process.env["CI"]) expect(missing).toEqual([]);
  expect(names.length).toBeGreaterThan(3);
});

describe.each(names)("%s", (name) => {
  test("runs what is sold when it is asked directly, and what is free through the gate", async () => {
    const origin = originOf(name);
    const { paid, free, open, sold, closed, jobs, vhost } = origin.places;
    const dear = [...paid.map((path) => (path === "/vault" ? vaultOf(name) : path)), `${sold}/x`, closed];
    const asked = [
      ...dear.map((path) => request("GET", path === "/pretty" ? "/pretty/x" : path)),
      request("POST", jobs),
    ];
    const direct = await send(origin.url, asked);
    expect([...direct.sold].toSorted()).toEqual([...asked.keys()].toSorted());
    const cheap = [
      ...free.map((path) => `${path}/hello.txt`),
      `${open}/a;b`,
      `${open}/a//b`,
      `${open}/a`,
      jobs,
      `${vhost}/item`,
    ];
    const through = await send(
      gateOf(name),
      cheap.map((path) => request("GET", path)),
    );
    expect([through.verdicts.filter((verdict) => verdict !== "passed"), [...through.sold]]).toEqual([[], []]);
    expect(through.ran.size).toBeGreaterThanOrEqual(cheap.length - 2);
  });

  test("runs nothing that is sold for what once leaked elsewhere", async () => {
    const origin = originOf(name);
    const raws = cases.map(({ raw }) => filled(raw, origin));
    const { sold } = await send(gateOf(name), raws);
    expect([...sold].map((i) => `${cases[i]?.why}: ${shown(raws[i] ?? "")}`)).toEqual([]);
  });

  test("runs nothing that is sold for anything that the gate lets pass unpaid", async () => {
    const origin = originOf(name);
    const attacks = corpus(SEED, origin.places, TARGETS);
    const raws = attacks.map(({ raw }) => raw);
    const { verdicts, sold } = await send(gateOf(name), raws);
    const direct = await send(origin.url, raws);
    const count = (kind: Verdict): number => verdicts.filter((verdict) => verdict === kind).length;
    figures.push({
      origin: name,
      sent: attacks.length,
      refused: count("refused"),
      priced: count("priced"),
      passed: count("passed"),
      "run what is sold, without the gate": direct.sold.size,
      "of these refused": [...direct.sold].filter((i) => verdicts[i] === "refused").length,
      leaks: sold.size,
    });
    expect(leaksOf(attacks, sold)).toEqual([]);
    expect(new Set(attacks.map(({ target }) => target)).size).toBe(TARGETS);
    expect(count("priced") / TARGETS).toBeGreaterThanOrEqual(SHARE_MIN);
    expect(count("passed") / TARGETS).toBeGreaterThanOrEqual(SHARE_MIN);
    // Were there no danger, nothing would have been averted.
    expect(direct.sold.size / TARGETS).toBeGreaterThan(0.05);
  });
});

/** The raw bytes of each, to be kept in cases.ts. */
const leaksOf = (attacks: readonly Attack[], sold: ReadonlySet<number>): readonly string[] =>
  [...sold].map((i) => shown(attacks[i]?.raw ?? ""));

test("nothing that is sold ran for a request that nobody can be found for", () => {
  expect(origins.log().filter((line) => /^- paid$/.test(line))).toEqual([]);
});
