// The limit: a Worker that moves the same bytes as a gate and checks nothing. What a priced call costs beyond this is the
// gate's own work. It calls in the gate's order: the object beside verify, the upstream, settle, and the object once more
// behind the answer.

import { DurableObject, env, waitUntil } from "cloudflare:workers";

interface Bindings {
  readonly UPSTREAM: string;
  readonly FACILITATOR: string;
  /** The gate's own, header and body. */
  readonly CHALLENGE: string;
  readonly CHALLENGE_BODY: string;
  readonly REQUIREMENTS: string;
  /** Without it there is no ledger, as with those peers that have none. */
  readonly BOOK?: DurableObjectNamespace<Book>;
}

const bound = env as unknown as Bindings;
const json = { "content-type": "application/json" };
const challenge = { ...json, "payment-required": bound.CHALLENGE, "cache-control": "no-store" };

export default {
  fetch(request: Request): Response | Promise<Response> {
    const { pathname, search } = new URL(request.url);
    const target = bound.UPSTREAM + pathname + search;
    if (pathname !== "/priced" && pathname !== "/stream") return fetch(target, request);
    const header = request.headers.get("payment-signature");
    return header === null
      ? new Response(bound.CHALLENGE_BODY, { status: 402, headers: challenge })
      : sell(target, header);
  },
};

async function sell(target: string, header: string): Promise<Response> {
  const payment = atob(header);
  const payer = textAfter(payment, '"from":"');
  const nonce = textAfter(payment, '"nonce":"');
  const body = `{"x402Version":2,"paymentPayload":${payment},"paymentRequirements":${bound.REQUIREMENTS}}`;
  const ask = (path: string): Promise<Response> =>
    fetch(bound.FACILITATOR + path, { method: "POST", headers: json, body });
  const book = bound.BOOK?.getByName(payer);
  const verified = ask("/verify").then((answer) => answer.text());
  await Promise.all([book?.claim(nonce, body), verified]);
  const answer = await fetch(target);
  const settlement = await (await ask("/settle")).text();
  if (book) waitUntil(book.record(nonce, settlement));
  const sold = new Response(answer.body, answer);
  sold.headers.set("payment-response", btoa(settlement));
  return sold;
}

function textAfter(text: string, mark: string): string {
  const begin = text.indexOf(mark) + mark.length;
  return text.slice(begin, text.indexOf('"', begin));
}

/** A row is written with the claim, and written over with the settlement. */
export class Book extends DurableObject {
  constructor(ctx: DurableObjectState, bindings: object) {
    super(ctx, bindings);
    ctx.storage.sql.exec("CREATE TABLE IF NOT EXISTS payments (nonce TEXT PRIMARY KEY, body TEXT, settlement TEXT)");
  }

  claim(nonce: string, body: string): void {
    this.ctx.storage.sql.exec("INSERT INTO payments (nonce, body) VALUES (?, ?) ON CONFLICT DO NOTHING", nonce, body);
  }

  record(nonce: string, settlement: string): void {
    this.ctx.storage.sql.exec("UPDATE payments SET settlement = ? WHERE nonce = ?", settlement, nonce);
  }
}
