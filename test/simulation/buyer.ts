// Clients that pay. Each has habits of its own: some repeat the same payment until they know, some sign another one
// after every answer that is not the goods; some send copies, some leave, some come back much later.

import type { PrivateKeyAccount } from "viem";
import { headersOf } from "./envelope.ts";
import type { Errand } from "./facts.ts";
import { type Held, Purse } from "./purse.ts";
import type { RoutePath } from "./table.ts";
import { bodyOf, type Town, urlOf } from "./town.ts";
import { type Answer, NOTHING } from "./visit.ts";

const SIGNATURES_MAX = 4;
const TRIES_MAX = 7;
const LATER_MS = 600_000;
const ROUTES: readonly RoutePath[] = ["/after", "/after", "/before", "/async", "/async", "/metered", "/metered"];

export class Buyer {
  readonly #town: Town;
  readonly #name: string;
  readonly #purse: Purse;
  readonly #isContract: boolean;
  readonly #isPatient: boolean;
  readonly #copiesShare: number;

  /** @param account null for the contract wallet */
  constructor(town: Town, name: string, account: PrivateKeyAccount | null) {
    const { random } = town.world;
    this.#town = town;
    this.#name = name;
    this.#purse = new Purse(town, name, account);
    this.#isContract = account === null;
    this.#isPatient = random.chance(0.6);
    this.#copiesShare = random.pick([0, 0, 0.3]);
  }

  async shop(): Promise<void> {
    const { random, tally } = this.#town.world;
    const errands = random.int(1, 4);
    const begun: Promise<void>[] = [];
    for (let i = 0; i < errands; i++) {
      // Some come back when what they left open has run out.
      const isLater = i === 3 || (i > 0 && random.chance(0.2));
      await this.#town.world.pause(isLater ? LATER_MS : random.delayMs(2_000, 30_000), "goes shopping");
      const ended = this.#buy(this.#errand(i)).then((isServed) => tally.count("call", isServed ? "served" : "failed"));
      if (random.chance(0.7)) await ended;
      begun.push(ended);
    }
    await Promise.all(begun);
  }

  #errand(number: number): Errand {
    const { random } = this.#town.world;
    const id = `${this.#name}${number}`;
    const keys = [null, null, "order-7", `a-secret-that-only-${id}-knows`, `a-secret-that-only-${id}-knows`];
    const route = this.#isContract ? "/wallet" : random.pick(ROUTES);
    return { id, route, method: random.chance(0.2) ? "POST" : "GET", key: random.pick(keys) };
  }

  /** @returns whether it has its goods */
  async #buy(errand: Errand): Promise<boolean> {
    let flow = errand.route === "/before" ? "upfront" : null;
    let held = await this.#purse.sign(errand);
    let signatures = 1;
    let voucher: string | null = null;
    for (let tries = 0; tries < TRIES_MAX; tries++) {
      const answer = await this.#present(errand, held, flow, voucher);
      if (answer.status === 200 && answer.isWhole) return true;
      const isTold = answer.status !== 0 && answer.status !== 503;
      voucher = (await this.#voucherOf(answer, held)) ?? (isTold ? null : voucher);
      await this.#think(answer);
      const isAsked = answer.headers.has("payment-required");
      if (isAsked) flow = flowOf(answer);
      if ((isAsked || !this.#isPatient) && voucher === null) {
        if (++signatures > SIGNATURES_MAX) return false;
        held = await this.#purse.sign(errand);
      } else if (answer.status === 404) return false;
    }
    return false;
  }

  #think({ headers }: Answer): Promise<void> {
    const { world } = this.#town;
    const patienceMs = world.random.delayMs(Number(headers.get("retry-after") ?? 1) * 1_000, 30_000);
    return world.pause(this.#isPatient ? patienceMs : world.random.int(10, 300), "thinks");
  }

  async #present(
    errand: Errand,
    { payment, isFair, spelling }: Held,
    flow: string | null,
    voucher: string | null,
  ): Promise<Answer> {
    const { world, visits, isolates } = this.#town;
    const { random } = world;
    const copies = random.chance(this.#copiesShare) ? random.int(2, 5) : 1;
    const visitor = { name: this.#name, payment: payment.id, isThief: false, isFair };
    const visit = (): Promise<Answer> => {
      const headers = headersOf(spelling, flow, voucher, random);
      // What was bought here is not to be had elsewhere.
      const meant = voucher !== null && random.chance(0.1) ? { ...errand, id: `${errand.id}-other` } : errand;
      const wire = { method: errand.method, url: urlOf(meant), headers, body: bodyOf(errand) };
      return visits.visit(random.pick(isolates), visitor, wire);
    };
    const answers = await Promise.all(Array.from({ length: copies }, visit));
    return answers.find(({ status }) => status === 200) ?? answers.at(-1) ?? NOTHING;
  }

  /** What it sends to have delivered what it paid for; null where it has nothing of the kind. */
  async #voucherOf({ text, status, isWhole }: Answer, { payment }: Held): Promise<string | null> {
    const token = status !== 200 && text.startsWith("{") ? (JSON.parse(text).redeem as string | undefined) : undefined;
    if (token === undefined && !(status === 200 && !isWhole)) return null;
    return token !== undefined && this.#town.world.random.chance(0.6) ? token : this.#purse.voucherFor(payment.id);
  }
}

/** Who owes is asked to pay before it is served; for what is metered there is no such way. */
function flowOf({ headers }: Answer): string | null {
  const [entry] = JSON.parse(atob(headers.get("payment-required") ?? "")).accepts;
  return entry?.extra.paymentFlow ?? null;
}
