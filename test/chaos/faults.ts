// What goes wrong, and when: one fault after the other out of a seed, each for a while, some of them at the same time.

import { setTimeout as sleep } from "node:timers/promises";
import type { WildChain } from "./chain.ts";
import { CALM, type MortalFacilitator } from "./facilitator.ts";
import type { MortalGate } from "./gate.ts";
import type { Random } from "./random.ts";
import type { FailingUpstream } from "./upstream.ts";

export interface Parts {
  readonly gate: MortalGate;
  readonly facilitator: MortalFacilitator;
  readonly upstream: FailingUpstream;
  readonly chain: WildChain;
}

export interface Tally {
  gateKills: number;
  facilitatorKills: number;
  readonly others: Map<string, number>;
}

/** Begins, and answers how it ends; its kind is never twice at the same time. */
interface Fault {
  readonly name: string;
  readonly weight: number;
  readonly lastsMs: readonly [least: number, most: number];
  readonly begin: (parts: Parts, random: Random, tally: Tally) => Promise<void>;
  readonly end: (parts: Parts) => Promise<void>;
}

const calmNetwork = async ({ facilitator }: Parts): Promise<void> => void Object.assign(facilitator.network, CALM);

const FAULTS: readonly Fault[] = [
  {
    name: "gate killed",
    weight: 4,
    lastsMs: [50, 1_200],
    async begin({ gate }, _, tally) {
      tally.gateKills++;
      await gate.kill();
    },
    end: ({ gate }) => gate.start(),
  },
  {
    name: "facilitator killed",
    weight: 2,
    lastsMs: [100, 3_000],
    async begin({ facilitator }, _, tally) {
      tally.facilitatorKills++;
      facilitator.kill();
    },
    end: ({ facilitator }) => facilitator.start(),
  },
  {
    name: "network between gate and facilitator bad",
    weight: 4,
    lastsMs: [1_000, 4_000],
    async begin({ facilitator }, random) {
      const kinds = [
        { answersLost: 0.8 },
        { answersLost: 0.4, requestsLost: 0.3 },
        { delayMs: 1_500 },
        { delayMs: 5_000 },
      ];
      Object.assign(facilitator.network, random.pick(kinds));
    },
    end: calmNetwork,
  },
  {
    name: "upstream failing",
    weight: 2,
    lastsMs: [1_000, 4_000],
    async begin({ upstream }, random) {
      upstream.faults.failing = random.between(0.3, 1);
    },
    async end({ upstream }) {
      upstream.faults.failing = 0;
    },
  },
  {
    name: "blocks late",
    weight: 2,
    lastsMs: [2_000, 7_000],
    begin: ({ chain }, random) => chain.mineEvery(random.pick([1, 3, null])),
    end: ({ chain }) => chain.mineAtOnce(),
  },
];

const WEIGHTED = FAULTS.flatMap((fault) => Array.from({ length: fault.weight }, () => fault));

/** Until that time; what goes wrong then has ended when this is kept. */
export async function goWrong(parts: Parts, random: Random, untilMs: number): Promise<Tally> {
  const tally: Tally = { gateKills: 0, facilitatorKills: 0, others: new Map() };
  const running = new Map<Fault, Promise<void>>();
  while (Date.now() < untilMs) {
    await sleep(random.between(200, 1_500));
    const fault = random.pick(WEIGHTED);
    const lastsMs = random.between(...fault.lastsMs);
    if (running.has(fault)) continue;
    tally.others.set(fault.name, (tally.others.get(fault.name) ?? 0) + 1);
    const ended = fault
      .begin(parts, random, tally)
      .then(() => sleep(lastsMs))
      .then(() => fault.end(parts))
      .finally(() => running.delete(fault));
    running.set(fault, ended);
  }
  await Promise.all(running.values());
  return tally;
}
