// One HTTP exchange as a client has it: the request arrives, the answer comes back piece by piece, and either side may
// be gone at any time.

import { type Outcome, respond } from "../../src/outcome/index.ts";
import type { Facts } from "./facts.ts";
import { answersTruly } from "./invariants.ts";
import { Invocation } from "./invocation.ts";
import type { Isolate } from "./isolate.ts";
import type { LedgerNodes } from "./ledgers.ts";
import { actor } from "./process.ts";
import { ORIGIN } from "./table.ts";
import type { World } from "./world.ts";

export interface Wire {
  readonly method: string;
  readonly url: string;
  readonly headers: Headers;
  readonly body: Uint8Array | null;
}

/** Who asks, and what for. */
export interface Visitor {
  readonly name: string;
  /** The payment in hand, by its id. */
  readonly payment: string | null;
  /** Knows no more of the payment than everybody. */
  readonly isThief: boolean;
  /** Whether what was signed is what the offer asks. */
  readonly isFair: boolean;
}

export interface Answer {
  /** 0 where no answer came. */
  readonly status: number;
  readonly headers: Headers;
  readonly text: string;
  readonly isWhole: boolean;
}

export const NOTHING: Answer = { status: 0, headers: new Headers(), text: "", isWhole: false };

/** Most streams last longer. */
const KILLED_MS_MAX = 1_500;

/** Longer than anybody's patience. */
const PATIENCE_MS = 60_000;

export class Visits {
  readonly #world: World;
  readonly #facts: Facts;
  readonly #books: LedgerNodes;

  constructor(world: World, facts: Facts, books: LedgerNodes) {
    this.#world = world;
    this.#facts = facts;
    this.#books = books;
  }

  async visit(isolate: Isolate, visitor: Visitor, wire: Wire): Promise<Answer> {
    const { random, faults, system } = this.#world;
    const client = actor();
    const invocation = new Invocation(this.#world, "request");
    const { promise, resolve } = Promise.withResolvers<Response | null>();
    let isReached = false;
    const reach = (response: Response | null): void => {
      if (isReached) return;
      isReached = true;
      this.#world.after(random.delayMs(30, 400), client, `hears ${response?.status ?? "nothing"}`, () =>
        resolve(response),
      );
    };
    invocation.atDeath(() => reach(null));
    let isGone = false;
    const leavesMs = faults.strikes("client leaves") ? random.delayMs(900, 9_000) : PATIENCE_MS;
    const stay = this.#world.after(leavesMs, system, `${client.name} leaves`, () => {
      isGone = true;
      invocation.leave();
      reach(null);
    });
    this.#world.after(
      random.delayMs(30, 400),
      this.#world.system,
      `${visitor.name} asks ${invocation.name} ${wire.url}`,
      () => {
        this.#world.start(invocation, async () => {
          const outcome = await isolate.handle(requestOf(wire));
          const response = respond(outcome, "*", { requestId: invocation.name, origin: null });
          this.#count(outcome, response);
          answersTruly(this.#world, this.#facts, this.#books, { visitor, invocation, outcome, response });
          if (isGone) return void response.body?.cancel().catch(() => undefined);
          reach(response);
        });
      },
    );
    const response = await promise;
    stay();
    if (response === null) return NOTHING;
    const answer = await this.#read(response, invocation, visitor);
    invocation.leave();
    return answer;
  }

  #count(outcome: Outcome, { status }: Response): void {
    const reason = outcome.kind === "refused" ? outcome.problem.reason : outcome.kind;
    this.#world.tally.count("outcome", `${status} ${reason}`);
  }

  async #read(response: Response, invocation: Invocation, visitor: Visitor): Promise<Answer> {
    const { faults, random } = this.#world;
    const { status, headers, body } = response;
    // While a stream goes through it an invocation takes no step of its own.
    if (faults.strikes("invocation killed in its answer")) {
      this.#world.after(random.int(1, KILLED_MS_MAX), this.#world.system, `${invocation.name} dies`, () =>
        invocation.kill(),
      );
    }
    const broken = new Promise<"broken">((resolve) => invocation.atDeath(() => resolve("broken")));
    const leavesAt = faults.strikes("client leaves the stream") ? random.int(1, 2) : Number.POSITIVE_INFINITY;
    const reader = body?.getReader();
    let text = "";
    const end = (isWhole: boolean): Answer => ({ status, headers, text, isWhole });
    for (let read = 1; reader; read++) {
      if (read >= leavesAt) {
        void reader.cancel().catch(() => undefined);
        return end(false);
      }
      const piece = await Promise.race([reader.read().catch(() => "broken" as const), broken]);
      if (piece === "broken") return end(false);
      if (piece.done) break;
      text += new TextDecoder().decode(piece.value);
      this.#got(text, invocation, visitor);
    }
    // A whole answer counts when it is handed over, a stream when it came to its end.
    if (isGoods(text) && invocation.goodsOf !== null) this.#facts.of(invocation.goodsOf).handed++;
    return end(true);
  }

  #got(text: string, { goodsOf }: Invocation, visitor: Visitor): void {
    if (!isGoods(text)) return;
    this.#world.say(visitor.name, `has goods on the account of ${goodsOf}`);
  }
}

const isGoods = (text: string): boolean => text.includes("goods of");

function requestOf({ method, url, headers, body }: Wire): Request {
  const stream =
    body &&
    new ReadableStream<Uint8Array>({
      start(controller) {
        controller.enqueue(body);
        controller.close();
      },
    });
  return { method, url: ORIGIN + url, headers, body: stream } as unknown as Request;
}
