// One seed: a world with all its faults until its clients are done, then the same world without any, until nothing is to
// be done any more. It runs from beginning to end without a pause.

import { Buyer } from "./buyer.ts";
import { Blocks } from "./chain.ts";
import { hire, readSink } from "./clerks.ts";
import { collect } from "./collector.ts";
import { SimulatedFacilitators } from "./facilitator.ts";
import { Facts } from "./facts.ts";
import { booksHold, everythingAdds, everythingEnds, holdsTotal, paysIntoTheBooks } from "./invariants.ts";
import { Isolate } from "./isolate.ts";
import { Kv } from "./kv.ts";
import { LedgerNodes } from "./ledgers.ts";
import { noteTime, observe } from "./observer.ts";
import { enter } from "./platform.ts";
import { Process, Violation } from "./process.ts";
import { Database } from "./sqlite.ts";
import { COINS, NETWORK, type Rules, TABLES } from "./table.ts";
import type { Tally } from "./tally.ts";
import { steal } from "./thief.ts";
import type { Town } from "./town.ts";
import type { Trace } from "./trace.ts";
import { SimulatedUpstream } from "./upstream.ts";
import { Visits } from "./visit.ts";
import { CONTRACT, PAYERS } from "./wallet.ts";
import { World } from "./world.ts";

const STEPS_MAX = 60_000;
const NAMES = ["ann", "bob"];
/** Atomic units of either coin: enough for everything, and for nothing. */
const RICH = 100_000_000_000n;
const POOR = 5_000n;
const SHORT = 45_000n;

export class Simulation {
  readonly #world: World;
  readonly #facts = new Facts();
  readonly #rules: Rules;
  readonly #chain: Blocks;
  readonly #books: LedgerNodes;
  readonly #sink = Database.open();
  readonly #town: Town;
  readonly #isolates: readonly Isolate[];
  readonly #facilitators: SimulatedFacilitators;

  constructor(seed: number, trace: Trace, tally: Tally) {
    const world = new World(seed, trace, tally);
    this.#world = world;
    this.#rules = world.random.pick(TABLES);
    this.#chain = new Blocks(world);
    const clerks = hire(world, () => this.#isolates, this.#sink);
    this.#books = new LedgerNodes(world, clerks, observe(world));
    this.#facilitators = new SimulatedFacilitators(world, this.#rules, this.#facts, this.#books, this.#chain);
    const upstream = new SimulatedUpstream(world, this.#facts, this.#books);
    const parts = {
      rules: this.#rules,
      open: this.#books.open,
      kv: new Kv(world),
      chain: this.#chain.view(),
      upstream,
    };
    this.#isolates = Array.from({ length: world.random.int(1, 3) }, () => new Isolate(world, parts));
    const visits = new Visits(world, this.#facts, this.#books);
    this.#town = { world, facts: this.#facts, visits, isolates: this.#isolates, chain: this.#chain };
    world.afterStep = () => this.#look();
    this.#chain.onPaid = (key, used, transaction) =>
      paysIntoTheBooks(this.#facts, this.#books, this.#rules, `${NETWORK}|${key}`, used, transaction);
  }

  /** Throws a `Violation`, or what the code under test threw. Call it where no promise's reaction is on the stack. */
  run(): void {
    const leave = enter(this.#world, (url, init) => this.#facilitators.fetch(url, init));
    try {
      this.#trade();
      this.#world.faults.isOver = true;
      this.#world.random.isCalm = true;
      this.#world.say("world", "the faults are over");
      this.#world.start(new Process("collector"), () => collect(this.#town, this.#books, NAMES));
      this.#rest();
    } finally {
      leave();
      this.#books.close();
      this.#sink.close();
    }
  }

  /** Until every client is done. */
  #trade(): void {
    const { random } = this.#world;
    for (const { asset } of COINS) if (random.chance(0.2)) this.#chain.silent.add(asset);
    for (const { address } of [...PAYERS, { address: CONTRACT }])
      this.#fill(address, random.chance(0.2) ? SHORT : RICH);
    const names = NAMES.slice(0, random.int(1, NAMES.length));
    const buyers = names.map((name, i) => new Buyer(this.#town, name, PAYERS[i] ?? null));
    if (random.chance(0.3)) buyers.push(new Buyer(this.#town, "contract", null));
    let busy = buyers.length;
    for (const [i, buyer] of buyers.entries()) {
      this.#world.start(new Process(`buyer ${i}`), async () => {
        await buyer.shop();
        busy--;
      });
    }
    this.#world.start(new Process("thief"), () => steal(this.#town, random.int(0, 3)));
    for (let i = 0; i < 4; i++)
      this.#world.after(random.int(0, 30_000), this.#world.system, "life", () => this.#disturb());
    while (busy > 0 && this.#step());
    if (busy > 0) throw new Violation("9", "somebody waits for ever");
  }

  #fill(address: string, amount: bigint): void {
    for (const { asset } of COINS) this.#chain.balances.set(`${asset}|${address}`.toLowerCase(), amount);
  }

  /** Wallets are emptied and filled, isolates come and go. */
  #disturb(): void {
    const { random, faults, system } = this.#world;
    if (faults.strikes("isolate restarts")) random.pick(this.#isolates).restart();
    if (!faults.strikes("balance drained")) return;
    const { address } = random.pick(PAYERS.slice(0, NAMES.length));
    this.#fill(address, POOR);
    this.#world.after(random.int(3_000, 900_000), system, "a wallet is filled", () => this.#fill(address, RICH));
  }

  #rest(): void {
    while (this.#step());
    const sink = readSink(this.#sink);
    for (const node of this.#books.nodes.values()) {
      everythingEnds(this.#rules, node, this.#books.nextDueMs(node), sink);
      for (const { pay, delivery } of node.rows.values()) this.#world.tally.count("world", `ends ${pay}/${delivery}`);
    }
    everythingAdds(this.#facts, this.#books, this.#chain);
    this.#world.tally.count("world", "steps", this.#world.steps);
  }

  #step(): boolean {
    if (this.#world.steps > STEPS_MAX) throw new Violation("9", `it does not end within ${STEPS_MAX} steps`);
    return this.#world.step();
  }

  #look(): void {
    for (const node of this.#books.nodes.values()) {
      const before = node.rows;
      if (this.#books.refresh(node)) noteTime(this.#world, before, node.rows);
      if (!node.isStale) continue;
      node.isStale = false;
      booksHold(this.#world, this.#facts, this.#rules, node);
      holdsTotal(this.#world, this.#facts, this.#books, this.#rules);
    }
  }
}
