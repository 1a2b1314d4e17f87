// What may go wrong. Each world draws which faults it has and how often: a world where everything fails a little finds
// less than many worlds where a few things fail a lot.

import type { Random } from "./random.ts";
import type { Tally } from "./tally.ts";

export const FAULTS = [
  "ledger request lost",
  "ledger reply lost",
  "ledger slow",
  "ledger report delivered twice",
  "ledger restarts",
  "alarm late",
  "alarm repeated",
  "clerk unreachable",
  "sink refuses",
  "sink loses its answer",
  "kv read fails",
  "kv read slow",
  "kv write fails",
  "kv stale",
  "rpc unavailable",
  "rpc behind",
  "verify hangs",
  "verify resets",
  "verify answers 500",
  "verify answers HTML",
  "verify slow",
  "verify blind",
  "settle request lost",
  "settle hangs",
  "settle resets",
  "settle answers 500",
  "settle answers HTML",
  "settle answers for a stranger",
  "settle slow",
  "settle pending",
  "settle refuses unknown reason",
  "settle says used",
  "transaction late",
  "transaction never mined",
  "transaction overtaken",
  "upstream unreachable",
  "upstream resets",
  "upstream hangs",
  "upstream answers 4xx",
  "upstream answers 5xx",
  "upstream answers 206",
  "upstream redirects",
  "upstream stream breaks",
  "upstream slow",
  "upstream says no use",
  "invocation killed",
  "invocation killed in its answer",
  "isolate restarts",
  "client leaves",
  "client leaves the stream",
  "balance drained",
  "authorization canceled",
  "authorization submitted by its payer",
] as const;

export type Fault = (typeof FAULTS)[number];

/** How often a fault strikes in a world that has it. */
const RATES = [0.03, 0.1, 0.3, 0.6];

/** How many of the faults a world has. */
const SHARES = [0.03, 0.1, 0.25];

export class Faults {
  isOver = false;
  readonly #rates = new Map<Fault, number>();
  readonly #random: Random;
  readonly #tally: Tally;
  readonly #say: (fault: Fault) => void;

  constructor(random: Random, tally: Tally, say: (fault: Fault) => void) {
    this.#random = random;
    this.#tally = tally;
    this.#say = say;
    const share = random.pick(SHARES);
    for (const fault of FAULTS) if (random.chance(share)) this.#rates.set(fault, random.pick(RATES));
  }

  strikes(fault: Fault): boolean {
    const rate = this.isOver ? undefined : this.#rates.get(fault);
    if (rate === undefined || !this.#random.chance(rate)) return false;
    this.#tally.count("fault", fault);
    this.#say(fault);
    return true;
  }
}
