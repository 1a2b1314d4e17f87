// The ledger's objects as the platform runs them: one for each name, built again after every restart on the same
// database, with messages that are lost or late, and one alarm that comes at least once, and late.

import { Book } from "../../src/ledger/book.ts";
import { type Due, type Entry, LedgerObject, type LedgerStub } from "../../src/ledger/index.ts";
import { wakesForSomething } from "./invariants.ts";
import type { Invocation } from "./invocation.ts";
import { actor, Process } from "./process.ts";
import { type Row, rowsOf } from "./rows.ts";
import { Database } from "./sqlite.ts";
import type { Way, World } from "./world.ts";

class Ledger extends LedgerObject {}

export type Method = keyof LedgerStub;

/** Who acts for the ledger, each time in an invocation of its own. */
export interface Clerks {
  readonly attend: (due: Due) => Promise<void>;
  readonly publish: (entries: readonly Entry[]) => Promise<void>;
}

export interface Node {
  readonly name: string;
  readonly db: Database;
  process: Process;
  object: Ledger | null;
  alarmAtMs: number | null;
  isRinging: boolean;
  rows: ReadonlyMap<string, Row>;
  changes: number;
  /** Whether something was written that nobody has looked at. */
  isStale: boolean;
}

/** Told of each message that an object took. */
export interface Observer {
  readonly performed: (
    node: Node,
    method: Method,
    args: readonly unknown[],
    before: Node["rows"],
    reply: unknown,
  ) => void;
  readonly replied: (invocation: Invocation, method: Method, args: readonly unknown[], reply: unknown) => void;
}

export class LedgerNodes {
  readonly nodes = new Map<string, Node>();
  readonly #world: World;
  readonly #clerks: Clerks;
  readonly #observer: Observer;

  constructor(world: World, clerks: Clerks, observer: Observer) {
    this.#world = world;
    this.#clerks = clerks;
    this.#observer = observer;
  }

  readonly open = (name: string): LedgerStub => {
    const call =
      (method: Method) =>
      (...args: unknown[]) =>
        this.#call(this.#node(name), method, args);
    const [claim, present, record, entry] = [call("claim"), call("present"), call("record"), call("entry")];
    const gates = { key: call("key"), reserve: call("reserve"), free: call("free") };
    return { claim, present, record, entry, ...gates, assign: call("assign") };
  };

  row(id: string): Row | undefined {
    const [network, , payer] = id.split("|");
    return this.nodes.get(`${network}|${payer}`)?.rows.get(id);
  }

  close(): void {
    for (const { db } of this.nodes.values()) db.close();
  }

  /** Reads what has been written since. @returns whether anything was */
  refresh(node: Node): boolean {
    const { changes } = node.db;
    if (changes === node.changes) return false;
    node.changes = changes;
    node.rows = rowsOf(node.db);
    node.isStale = true;
    return true;
  }

  nextDueMs({ name, db }: Node): number | null {
    return name === "gate" ? null : new Book(db.store(), true).nextDueMs();
  }

  async #call(node: Node, method: Method, args: readonly unknown[]): Promise<unknown> {
    const { faults } = this.#world;
    const message = structuredClone(args);
    const perform = (): unknown => this.#perform(node, method, message);
    // What is dead sends nothing, and so nothing twice.
    const isReport = ["record", "free", "reserve", "assign"].includes(method) && !actor().isDead;
    const isTwice = isReport && faults.strikes("ledger report delivered twice");
    if (isTwice)
      this.#world.after(this.#world.random.delayMs(200, 5_000), this.#world.system, `${method} again`, perform);
    const reply = await this.#world.ask(`${node.name} ${method}`, () => this.#world.system, this.#way(), perform);
    this.#observer.replied(actor() as Invocation, method, message, reply);
    return reply;
  }

  #way(): Way {
    const { faults, random } = this.#world;
    const [usualMs, mostMs] = faults.strikes("ledger slow") ? [1_500, 20_000] : [8, 250];
    const isRequestLost = faults.strikes("ledger request lost");
    const lost = isRequestLost ? "request" : faults.strikes("ledger reply lost") ? "reply" : null;
    return { thereMs: random.delayMs(usualMs, mostMs), backMs: random.delayMs(usualMs, mostMs), lost };
  }

  #perform(node: Node, method: Method, args: readonly unknown[]): unknown {
    if (this.#world.faults.strikes("ledger restarts")) this.#restart(node);
    const object = this.#objectOf(node);
    const before = node.rows;
    const reply = (object[method] as (...all: readonly unknown[]) => unknown)(...args);
    this.refresh(node);
    this.#observer.performed(node, method, args, before, reply);
    return structuredClone(reply);
  }

  #node(name: string): Node {
    const known = this.nodes.get(name);
    if (known) return known;
    const process = new Process(`object ${this.nodes.size}`);
    const db = Database.open();
    const rows = new Map<string, Row>();
    const node: Node = {
      name,
      db,
      process,
      object: null,
      alarmAtMs: null,
      isRinging: false,
      rows,
      changes: db.changes,
      isStale: false,
    };
    this.nodes.set(name, node);
    return node;
  }

  #objectOf(node: Node): Ledger {
    node.object ??= this.#build(node);
    return node.object;
  }

  #build(node: Node): Ledger {
    let setMs: number | null = null;
    const setAlarm = async (atMs: number): Promise<void> => {
      // A new instance does not know, and one that rings sets it in case it does not come to its end.
      const knownMs = setMs === node.alarmAtMs ? setMs : null;
      if (!node.isRinging) this.#world.check(() => wakesForSomething(node, this.nextDueMs(node), knownMs, atMs));
      setMs = atMs;
      node.alarmAtMs = atMs;
      this.#arm(node);
    };
    const deleteAlarm = async (): Promise<void> => {
      node.alarmAtMs = null;
    };
    const ctx = { storage: { ...node.db.store(), setAlarm, deleteAlarm } } as unknown as DurableObjectState;
    const { attend, publish } = this.#clerks;
    const nowMs = (): number => this.#world.nowMs;
    return new Ledger(
      ctx,
      {},
      { clerk: { attend, publish }, hasSink: true, nowMs, newId: () => this.#world.newId("finder") },
    );
  }

  /** The instance is gone, and what it had begun; what it had written is not. */
  #restart(node: Node): void {
    if (!node.object) return;
    const wasRinging = node.isRinging;
    node.process.kill();
    node.process = new Process(node.process.name);
    node.object = null;
    node.isRinging = false;
    // An alarm that did not come to its end comes again.
    if (wasRinging) this.#world.after(2_000, this.#world.system, "an alarm again", () => this.#ring(node));
  }

  #arm(node: Node): void {
    const { faults, random, system } = this.#world;
    const atMs = node.alarmAtMs;
    if (atMs === null || node.isRinging) return;
    const lateMs = faults.strikes("alarm late") ? random.int(1_000, 90_000) : random.int(0, 50);
    this.#world.after(Math.max(atMs - this.#world.nowMs, 0) + lateMs, system, "an alarm", () => {
      if (node.alarmAtMs === atMs && !node.isRinging) this.#ring(node);
    });
  }

  #ring(node: Node): void {
    if (node.isRinging) return;
    node.alarmAtMs = null;
    node.isRinging = true;
    const object = this.#objectOf(node);
    this.#world.start(node.process, async () => {
      await object.alarm();
      node.isRinging = false;
      if (this.#world.faults.strikes("alarm repeated")) this.#ring(node);
      else this.#arm(node);
    });
  }
}
