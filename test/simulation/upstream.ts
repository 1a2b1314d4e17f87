// The API behind the gate: goods for an errand, whole or as a stream, or one of the many ways not to give them.

import type { Facts, Payment } from "./facts.ts";
import { executesOnce } from "./invariants.ts";
import type { Invocation } from "./invocation.ts";
import type { LedgerNodes } from "./ledgers.ts";
import { actor } from "./process.ts";
import type { World } from "./world.ts";

const encoder = new TextEncoder();
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
        return this.#execute(new URL(url).searchParams.get("errand") ?? "", granted?.id ?? null);
      },
    );
    return Promise.race([executed, late.promise]).catch((error: unknown) => {
      const redelivering = granted && this.#facts.of(granted.id).redelivering;
      if (redelivering?.by === invocation) redelivering.isOver = true;
      throw error;
    });
  }

  #execute(errand: string, id: string | null): Promise<Response> | Response {
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
    return this.#goods(errand, payment?.redelivering ?? null);
  }

  /** Small ones are read whole by the gate; larger ones, and those of a length that nobody says, are streamed. */
  #goods(errand: string, redelivering: Payment["redelivering"]): Response {
    const { random } = this.#world;
    const manner = random.pick(["whole", "whole", "long", "stream"] as const);
    const text = `goods of ${errand}.${manner === "long" ? "x".repeat(2_000) : ""}`;
    const headers = new Headers(manner === "stream" ? {} : { "content-length": String(text.length) });
    const body = manner === "whole" ? this.#whole(text) : this.#inPieces(text, redelivering);
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

  #inPieces(text: string, redelivering: Payment["redelivering"]): ReadableStream<Uint8Array> {
    const { faults, random, system } = this.#world;
    const breaks = faults.strikes("upstream stream breaks");
    let isOver = false;
    const controlled = Promise.withResolvers<ReadableStreamDefaultController<Uint8Array>>();
    const [first, second] = [text.slice(0, 10), text.slice(10)];
    const send = (act: (controller: ReadableStreamDefaultController<Uint8Array>) => void) => () =>
      void controlled.promise.then((controller) => (isOver ? undefined : act(controller)));
    const end = send((to) => {
      if (redelivering) redelivering.isOver = true;
      if (breaks) return to.error(new Error("the upstream broke the stream"));
      to.enqueue(encoder.encode(second));
      to.close();
    });
    const begin = send((to) => {
      to.enqueue(encoder.encode(first));
      this.#world.after(random.delayMs(600, 8_000), system, breaks ? "upstream breaks off" : "upstream ends", end);
    });
    this.#world.after(random.delayMs(30, 500), system, "upstream sends a piece", begin);
    return new ReadableStream({
      start: (controller) => controlled.resolve(controller),
      cancel: () => {
        isOver = true;
        if (redelivering) redelivering.isOver = true;
      },
    });
  }
}
