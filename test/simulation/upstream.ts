// The API behind the gate: goods for an errand, whole or as a stream, or one of the many ways not to give them. What is
// metered says what it used: in its JSON, or in the last event of a stream.

import type { Facts, Payment } from "./facts.ts";
import { executesOnce } from "./invariants.ts";
import type { Invocation } from "./invocation.ts";
import type { LedgerNodes } from "./ledgers.ts";
import { actor } from "./process.ts";
import type { World } from "./world.ts";

const encoder = new TextEncoder();
const SHORT = [600, 8_000] as const;
const LONG = [2_500, 40_000] as const;
/** Longer than any lease, all of it. */
const FEED = [30_000, 120_000] as const;
const STATUSES = [
  ["upstream answers 4xx", 404],
  ["upstream answers 5xx", 500],
  ["upstream answers 206", 206],
  ["upstream redirects", 302],
] as const;

export class SimulatedUpstream {
  readonly #world: World;
  readonly #facts: Facts;
  readonly #books: LedgerNodes;

  constructor(world: World, facts: Facts, books: LedgerNodes) {
    this.#world = world;
    this.#facts = facts;
    this.#books = books;
  }

  async fetch(url: string, { signal }: { signal: AbortSignal }): Promise<Response> {
    const { faults, random, system } = this.#world;
    const invocation = actor() as Invocation;
    const granted = invocation.execution;
    invocation.execution = null;
    const late = Promise.withResolvers<never>();
    signal.addEventListener("abort", () => late.reject(signal.reason));
    const isUnreachable = faults.strikes("upstream unreachable");
    const backMs = random.delayMs(faults.strikes("upstream slow") ? 1_500 : 60, 4_000);
    const way = { thereMs: random.delayMs(20, 300), backMs, lost: isUnreachable ? ("request" as const) : null };
    const executed = this.#world.ask(
      "upstream executes",
      () => system,
      way,
      () => {
        executesOnce(this.#facts, this.#books, granted, invocation);
        return this.#execute(new URL(url), granted?.id ?? null);
      },
    );
    return Promise.race([executed, late.promise]).catch((error: unknown) => {
      const redelivering = granted && this.#facts.of(granted.id).redelivering;
      if (redelivering?.by === invocation) redelivering.isOver = true;
      throw error;
    });
  }

  #execute({ pathname, searchParams }: URL, id: string | null): Promise<Response> | Response {
    const { faults } = this.#world;
    if (faults.strikes("upstream hangs")) return new Promise(() => undefined);
    if (faults.strikes("upstream resets")) throw new Error("the upstream broke the connection");
    const [, status = 200] = STATUSES.find(([fault]) => faults.strikes(fault)) ?? [];
    this.#world.tally.count("outcome", `upstream answered ${status}`);
    const payment = id === null ? null : this.#facts.of(id);
    if (status !== 200) {
      if (payment?.redelivering) payment.redelivering.isOver = true;
      const headers = new Headers(status === 302 ? { location: "/goods" } : {});
      return { status, headers, body: this.#whole("an error page") } as Response;
    }
    if (payment) payment.hasGoods = true;
    const errand = searchParams.get("errand") ?? "";
    return pathname.includes("/metered") ? this.#metered(errand, payment) : this.#goods(errand, payment);
  }

  /** Small ones are read whole by the gate; larger ones, and those of a length that nobody says, are streamed. */
  #goods(errand: string, payment: Payment | null): Response {
    const { random } = this.#world;
    const manner = random.pick([
      "whole",
      "whole",
      "whole",
      "whole",
      "long",
      "long",
      "stream",
      "stream",
      "feed",
    ] as const);
    const text = `goods of ${errand}.${manner === "long" ? "x".repeat(2_000) : ""}`;
    const isMeasured = manner === "whole" || manner === "long";
    const headers = new Headers(isMeasured ? { "content-length": String(text.length) } : {});
    const pieces = manner === "feed" ? [...text.slice(0, 10), text.slice(10)] : [text.slice(0, 10), text.slice(10)];
    const body =
      manner === "whole" ? this.#whole(text) : this.#inPieces(pieces, payment, manner === "feed" ? FEED : SHORT);
    return { status: 200, headers, body } as Response;
  }

  #metered(errand: string, payment: Payment | null): Response {
    const { random, faults } = this.#world;
    const manner = random.pick(["whole", "whole", "long", "pieces", "stream", "stream", "stream"] as const);
    const units = faults.strikes("upstream says no use") ? null : random.int(0, 40);
    const goods = `goods of ${errand}.`;
    const usageOf = (used: number | null): string => JSON.stringify({ usage: used === null ? {} : { units: used } });
    const usage = usageOf(units);
    const said = (): void => {
      // What is delivered again costs nothing.
      if (payment && !payment.redelivering) payment.units = units;
    };
    if (manner === "stream") {
      // What it has used so far is not the last word.
      const pieces = [`data: ${goods}\n\n`, `data: ${usageOf(units && 1)}\n\n`, `data: ${usage}\n\n`];
      const headers = new Headers({ "content-type": "text/event-stream" });
      return { status: 200, headers, body: this.#inPieces(pieces, payment, LONG, said) } as Response;
    }
    const text = `{"goods":"${goods}${manner === "long" ? "x".repeat(2_000) : ""}",${usage.slice(1)}`;
    const headers = new Headers({ "content-type": "application/json" });
    if (manner !== "pieces") headers.set("content-length", String(text.length));
    if (manner === "whole") said();
    const pieces = [text.slice(0, 20), text.slice(20)];
    const body = manner === "whole" ? this.#whole(text) : this.#inPieces(pieces, payment, SHORT, said);
    return { status: 200, headers, body } as Response;
  }

  #whole(text: string): ReadableStream<Uint8Array> {
    return new ReadableStream({
      start(controller) {
        controller.enqueue(encoder.encode(text));
        controller.close();
      },
    });
  }

  /** @param pauses between two of them, usually and at most @param ended told of the last one, which does not come where the stream breaks */
  #inPieces(
    pieces: readonly string[],
    payment: Payment | null,
    [usualMs, mostMs]: readonly [number, number],
    ended: () => void = () => undefined,
  ): ReadableStream<Uint8Array> {
    const { faults, random, system } = this.#world;
    const redelivering = payment?.redelivering;
    const breaks = faults.strikes("upstream stream breaks");
    let isOver = false;
    const controlled = Promise.withResolvers<ReadableStreamDefaultController<Uint8Array>>();
    const send = (act: (controller: ReadableStreamDefaultController<Uint8Array>) => void) => () =>
      void controlled.promise.then((controller) => (isOver ? undefined : act(controller)));
    const end = send((to) => {
      if (redelivering) redelivering.isOver = true;
      if (breaks) return to.error(new Error("the upstream broke the stream"));
      to.enqueue(encoder.encode(pieces.at(-1)));
      ended();
      to.close();
    });
    const piece = (at: number): (() => void) =>
      send((to) => {
        to.enqueue(encoder.encode(pieces[at]));
        const isNext = at + 2 < pieces.length;
        const label = isNext ? "upstream sends a piece" : breaks ? "upstream breaks off" : "upstream ends";
        this.#world.after(random.delayMs(usualMs, mostMs), system, label, isNext ? piece(at + 1) : end);
      });
    this.#world.after(random.delayMs(30, 500), system, "upstream sends a piece", piece(0));
    return new ReadableStream({
      start: (controller) => controlled.resolve(controller),
      cancel: () => {
        isOver = true;
        if (redelivering) redelivering.isOver = true;
      },
    });
  }
}
