// Who acts for the ledger: each call in an invocation of its own, which may be unreachable, or die half way.

import { type Due, type Entry, writeEntries } from "../../src/ledger/index.ts";
import { publishesSomething } from "./invariants.ts";
import { Invocation } from "./invocation.ts";
import type { Isolate } from "./isolate.ts";
import type { Clerks } from "./ledgers.ts";
import { type Database, d1Of } from "./sqlite.ts";
import type { Way, World } from "./world.ts";

/** @param isolates known by the time when somebody is called */
export function hire(world: World, isolates: () => readonly Isolate[], sink: Database): Clerks {
  const way = (lost: Way["lost"]): Way => ({
    thereMs: world.random.delayMs(5, 200),
    backMs: world.random.delayMs(5, 200),
    lost,
  });
  const clerk = (): Invocation => new Invocation(world, "clerk");
  const carry = async (write: () => void): Promise<void> => {
    await world.pause(world.random.delayMs(20, 1_000), "reaches D1");
    if (world.faults.strikes("sink refuses")) throw new Error("D1 is not well");
    write();
    if (world.faults.strikes("sink loses its answer")) throw new Error("D1 was not heard");
  };
  return {
    attend(due: Due) {
      const isLost = world.faults.strikes("clerk unreachable");
      const isolate = world.random.pick(isolates());
      return world.ask("a clerk attends", clerk, way(isLost ? "request" : null), () => isolate.attend(due));
    },
    publish(entries: readonly Entry[]) {
      world.check(() => publishesSomething(entries));
      return world.ask("a clerk publishes", clerk, way(null), () => writeEntries(d1Of(sink, carry), entries));
    },
  };
}

interface Sunk {
  readonly id: string;
  readonly pay: string;
  readonly delivery: string;
  readonly tx: string | null;
  readonly seq: number;
}

/** What the sink has of every payment, in one word. */
export function readSink(sink: Database): ReadonlyMap<string, string> {
  const [table] = sink.rows("SELECT 1 FROM sqlite_master WHERE name = 'payments'");
  const rows = table ? sink.rows<Sunk>("SELECT * FROM payments") : [];
  return new Map(rows.map(({ id, pay, delivery, tx, seq }) => [id, `${pay}/${delivery}/${tx}/${seq}`]));
}
