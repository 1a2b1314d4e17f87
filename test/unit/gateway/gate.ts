// The gate around its real parts in Node, with a network of the test's own: what stands behind `fetch` is one function
// for the upstream and one for the facilitator. Every message of it is remembered.

import { createHmac } from "node:crypto";
import { vi } from "vitest";
import type { Chain, Fate } from "../../../src/chain/index.ts";
import { parseConfig, sentence } from "../../../src/config/index.ts";
import { buildFacilitator, buildFacilitators, type HttpSettings } from "../../../src/facilitator/index.ts";
import { findOut, type Gate, handle, metering, type RequestLine, sellComputed } from "../../../src/gateway/index.ts";
import {
  buildBooks,
  buildExposure,
  buildNotes,
  buildSpentPayments,
  buildTransactions,
  type Due,
  LedgerObject,
  type LedgerStub,
  readGateKey,
} from "../../../src/ledger/index.ts";
import type { Report } from "../../../src/ledger/words.ts";
import type { Outcome } from "../../../src/outcome/index.ts";
import { transferChecked } from "../../../src/schemes/index.ts";
import { buildUpstream } from "../../../src/upstream/index.ts";
import { eip3009PaymentId, partsOf } from "../../../src/x402/index.ts";
import { ASSET, encodePayment, NETWORK, PAY_TO, type Payment, transactionOf } from "../../support/payment.ts";
import { openStore } from "../../support/sqlite.ts";

export const ORIGIN = "https://api.example.com";
export const HASH = `0x${"ab".repeat(32)}`;

export const TABLE = {
  upstream: { url: "https://upstream.example/base", timeoutSeconds: 1 },
  payTo: PAY_TO,
  hosts: [ORIGIN],
  accepts: ["base-sepolia"],
  facilitators: ["https://facilitator.example"],
  bufferBytesMax: 10,
  routes: { "/free": "free", "/paid": "$0.01", "/closed": "closed" },
};

/** A route of each way to settle, and room for one call of 0.01 that nobody has paid yet. */
export const WAYS = {
  maxUnsettledTotal: "$0.01",
  routes: {
    "/after": "$0.01",
    "/before": { price: "$0.01", settle: "before" },
    "/async": { price: "$0.01", settle: "async", maxUnsettled: "$1" },
  },
};

export interface Sent {
  readonly method: string;
  readonly url: string;
  readonly headers: Headers;
  readonly body: Uint8Array | ReadableStream<Uint8Array> | null;
  readonly cache?: string;
  readonly signal: AbortSignal;
}

type Answer = {
  readonly status: number;
  readonly headers?: HeadersInit;
  readonly body?: BodyInit | null;
  readonly webSocket?: WebSocket;
};

/** Short enough to be read whole. */
export const GOODS: Answer = { status: 200, headers: { "content-length": "5" }, body: "goods" };

/** What becomes of a call of a ledger: `"lost"` is done, and its answer never comes. */
type Reach = "answers" | "away" | "lost";

/** What stands around the gate; each member as a test wants it. One that throws is a connection that breaks. */
export interface Around {
  readonly upstream: (sent: Sent) => Answer | Promise<Answer>;
  readonly verify: (body: string, url: string) => object | Promise<object>;
  readonly settle: (body: string, url: string) => object | Promise<object>;
  readonly supported: (body: string, url: string) => object | Promise<object>;
  /** Null without an RPC. */
  readonly fate: ((...asked: Parameters<Chain["fateOf"]>) => Fate | Promise<Fate>) | null;
  /** Whether the RPC says that a payer has all that is promised, where there is one. */
  readonly covers: Chain["covers"];
  readonly ledger: (method: keyof LedgerStub, events: readonly string[]) => Reach;
  readonly changes: Partial<Gate>;
  /** Whose ledgers, KV and clock are gone on with: its table was changed. */
  readonly before: Place;
}

class Ledger extends LedgerObject {}

/** What outlives a gate. */
class Place {
  readonly ledgers = new Map<string, Ledger>();
  readonly kv = new Map<string, string>();
  readonly clock = { nowMs: Date.now() };
  attend: (due: Due) => Promise<void> = async () => undefined;

  ledger(name: string): Ledger {
    const ledger = this.ledgers.get(name) ?? newLedger(this);
    this.ledgers.set(name, ledger);
    return ledger;
  }
}

/** The platform's own, as far as an answer that is piped needs them. */
Object.assign(globalThis, {
  IdentityTransformStream: TransformStream,
  FixedLengthStream: class extends TransformStream<Uint8Array, Uint8Array> {
    constructor(length: number) {
      let left = length;
      super({
        transform(chunk, controller) {
          left -= chunk.byteLength;
          controller.enqueue(chunk);
        },
        flush() {
          if (left > 0) throw new TypeError("the stream is shorter than it was to be");
        },
      });
    }
  },
});

export function openGate(table: object = {}, around: Partial<Around> = {}) {
  const parsed = parseConfig({ ...TABLE, ...table }, [transferChecked]);
  if (!parsed.ok) throw new Error(parsed.error.map(sentence).join("\n"));
  const { value: config } = parsed;
  const seen: Sent[] = [];
  const asked: string[] = [];
  const urls: string[] = [];
  const lines: RequestLine[] = [];
  const held: Promise<unknown>[] = [];
  const calls: string[] = [];
  const reports: string[] = [];
  const dues: Due[] = [];
  const {
    upstream = () => GOODS,
    fate = null,
    covers = async () => null,
    ledger: reach,
    changes = {},
    before: place = new Place(),
  } = around;
  const { kv, clock } = place;
  const open = (name: string): LedgerStub => {
    const ledger = place.ledger(name);
    const reached =
      (method: keyof LedgerStub) =>
      (...words: unknown[]): unknown => {
        calls.push(method);
        const events = method === "record" ? eventsOf(words[0] as Report) : [];
        const becomes = reach?.(method, events) ?? "answers";
        if (becomes === "away") throw new Error("the ledger is away");
        reports.push(...events);
        const answer = (ledger[method] as (...words: unknown[]) => unknown)(...words);
        if (becomes === "lost") throw new Error("the answer is lost");
        return answer;
      };
    return Object.fromEntries(METHODS.map((method) => [method, reached(method)])) as unknown as LedgerStub;
  };
  const facilitator = async (url: string, { body }: RequestInit): Promise<Response> => {
    const endpoint = url.slice(url.lastIndexOf("/") + 1) as "verify" | "settle" | "supported";
    asked.push(endpoint);
    urls.push(url);
    const { verify = isValid, settle = isSettled, supported = broken } = around;
    const said = await { verify, settle, supported }[endpoint](String(body), url);
    return said instanceof Response ? said : Response.json(said);
  };
  const fetcher = {
    async fetch(url: string, init: Omit<Sent, "url">) {
      const sent = { ...init, url };
      seen.push(sent);
      const { status, headers, body = null, ...upgraded } = await upstream(sent);
      // A status that no Response has is one that an upstream may send.
      const made = { status, headers: new Headers(headers), body: body === null ? null : new Response(body).body };
      return { ...made, ...upgraded };
    },
  };
  let ids = 0;
  const parts = { authorize: null, notes: buildNotes(kvOf(kv)), nowMs: () => clock.nowMs, random: () => 0 };
  const gate: Gate = {
    config,
    books: buildBooks(open),
    exposure: buildExposure(open),
    quotes: new Map(),
    sellComputed,
    metering,
    seal: {
      async sign(text) {
        const key = await readGateKey(open, "the gate's key");
        return key && createHmac("sha256", key).update(text).digest("base64url");
      },
    },
    spent: buildSpentPayments(kvOf(kv), new Map()),
    transactions: buildTransactions(open),
    facilitators: onNetwork(facilitator, () =>
      buildFacilitators(
        new Map(config.facilitators.map((settings) => [settings, buildFacilitator(settings as HttpSettings, parts)])),
      ),
    ),
    upstream: (settings) =>
      buildUpstream({ ...settings, headers: [], signer: null, fetcher: fetcher as unknown as Fetcher }),
    publicKeys: async () => [],
    chain: () => fate && { fateOf: async (...asked) => fate(...asked), covers },
    admitUnproven: async () => false,
    nowMs: () => clock.nowMs,
    newId: () => `attempt-${++ids}`,
    sleep: async () => undefined,
    waitUntil: (promise) => void held.push(promise),
    log: (line) => void lines.push(line),
    ...changes,
  };
  const settled = async (): Promise<void> => {
    for (let count = 0; count < held.length; ) {
      count = held.length;
      await Promise.allSettled(held);
    }
  };
  place.attend = async (due) => {
    dues.push(due);
    await findOut(gate, due, false);
  };
  const answer = (path: string, changes: Partial<Sent> = {}): Promise<Outcome> =>
    handle(gate, requestOf(path, changes), "request-id");
  /** Everything behind the answer is over, too; but for a stream, which waits for its reader. */
  const ask = async (path: string, changes: Partial<Sent> = {}): Promise<Outcome> => {
    const outcome = await answer(path, changes);
    if (!("answer" in outcome && outcome.answer.body instanceof ReadableStream)) await settled();
    return outcome;
  };
  const pay = (path: string, payment: Payment, changes: Partial<Sent> = {}): Promise<Outcome> =>
    ask(path, paidWith(payment, changes));
  /** The alarms of all ledgers, so much later. */
  const alarm = async (laterMs: number): Promise<void> => {
    clock.nowMs += laterMs;
    for (const ledger of place.ledgers.values()) await ledger.alarm();
  };
  /** What the ledger holds of a payment: what became of the money, and of the goods. */
  const entry = (payment: Payment): string | null => {
    const { network, payer } = partsOf(idOf(payment));
    const held = place.ledger(`${network}|${payer}`).entry(idOf(payment));
    return held && `${held.pay}, ${held.delivery}`;
  };
  return {
    gate,
    answer,
    ask,
    pay,
    alarm,
    entry,
    settled,
    seen,
    asked,
    urls,
    calls,
    reports,
    dues,
    lines,
    kv,
    clock,
    place,
  };
}

const METHODS = ["claim", "present", "record", "entry", "key", "reserve", "free", "assign"] as const;

const eventsOf = ({ events }: Report): readonly string[] =>
  events.map((event) => ("reason" in event ? `${event.kind} ${event.reason}` : event.kind));

export const idOf = ({ payload: { authorization } }: Payment): string =>
  eip3009PaymentId(NETWORK, ASSET, authorization.from, authorization.nonce);

export function paidWith(payment: Payment, changes: Partial<Sent> = {}): Partial<Sent> {
  const headers = new Headers(changes.headers);
  headers.set("payment-signature", encodePayment(payment));
  return { ...changes, headers };
}

/** A key that is too long to be guessed. */
export const keyed = (letter = "k"): Pick<Sent, "headers"> => ({
  headers: new Headers({ "idempotency-key": letter.repeat(22) }),
});

/** How it ended; of a refusal, why. */
export const reasonOf = (outcome: Outcome): string =>
  outcome.kind === "refused" ? outcome.problem.reason : outcome.kind;

/** What a refusal answers in place of a receipt. */
export const codeOf = (outcome: Outcome): string | null =>
  outcome.kind === "refused" && "code" in outcome.problem ? outcome.problem.code : null;

/** Whether a refusal invites to pay before anything is done; null where it invites to nothing. */
export const asksUpfront = (outcome: Outcome): boolean | null =>
  outcome.kind === "refused" && "invitation" in outcome.problem
    ? outcome.problem.invitation.challenge.tail.includes('"paymentFlow":"upfront"')
    : null;

/** The body of an answer, read to its end. */
export const textOf = (outcome: Outcome): Promise<string> =>
  new Response("answer" in outcome ? (outcome.answer.body as BodyInit) : null).text();

/** An API that fails so often, and then does not. */
export function failing(times: number): Around["upstream"] {
  let left = times;
  return () => (left-- > 0 ? { ...GOODS, status: 500 } : GOODS);
}

/** What a failed answer carries, to have what was paid for delivered. */
export const tokenOf = (outcome: Outcome): string =>
  (outcome.kind === "refused" && "credit" in outcome.problem && outcome.problem.credit?.redeem) || "";

/** A body that has no end, and whether its reader has left it. */
export function endless() {
  const reader = { isGone: false };
  const body = new ReadableStream<Uint8Array>({
    pull: (controller) => controller.enqueue(new Uint8Array(1024)),
    cancel: () => {
      reader.isGone = true;
    },
  });
  return { body, reader };
}

/** What a facilitator answers that has settled nothing. */
export const rejected = (errorReason: string) => (): object => ({ success: false, errorReason, transaction: "" });
/** A connection that is. */
export const broken = (): never => {
  throw new Error("the connection breaks");
};

/** What the operator reads of what no ledger holds, in place of the terminal. */
export async function readErrors(work: () => Promise<void>): Promise<readonly string[]> {
  const errors = vi.spyOn(console, "error").mockImplementation(() => undefined);
  try {
    await work();
    return errors.mock.calls.map(([line]) => JSON.parse(line).event);
  } finally {
    errors.mockRestore();
  }
}

/** What is to be settled before it is served. */
export const upfront = (payment: Payment): Payment => ({
  ...payment,
  accepted: { ...payment.accepted, extra: { ...(payment.accepted["extra"] as object), paymentFlow: "upfront" } },
});

/** As the Worker gets it: Node's own Request would rewrite the URL, and take no such headers. */
export const requestOf = (path: string, { method = "GET", headers, body = null }: Partial<Sent> = {}): Request =>
  ({
    method,
    url: path.startsWith("/") ? ORIGIN + path : path,
    headers: headers ?? new Headers(),
    body: body instanceof Uint8Array ? new Response(body as BodyInit).body : body,
  }) as unknown as Request;

const signedOf = (body: string): { from: string; nonce: string } => {
  const { authorization, permit2Authorization } = JSON.parse(body).paymentPayload.payload;
  return authorization ?? permit2Authorization;
};
/** 32 bytes, also where it is signed as a number. */
const nonceOf = (body: string): string => `0x${BigInt(signedOf(body).nonce).toString(16).padStart(64, "0")}`;
export const payerOf = (body: string): string => signedOf(body).from;
export const isValid = (body: string): object => ({ isValid: true, payer: payerOf(body) });
export const isSettled = (body: string): object => ({
  success: true,
  payer: payerOf(body),
  network: JSON.parse(body).paymentRequirements.network,
  transaction: transactionOf(nonceOf(body)),
});

function newLedger(place: Place): Ledger {
  const nothing = async (): Promise<void> => undefined;
  const ctx = { storage: { ...openStore(), setAlarm: nothing, deleteAlarm: nothing } } as unknown as DurableObjectState;
  let ids = 0;
  const clerk = { attend: (due: Due) => place.attend(due), publish: nothing };
  return new Ledger(ctx, {}, { clerk, hasSink: false, nowMs: () => place.clock.nowMs, newId: () => `finder-${++ids}` });
}

const kvOf = (kv: Map<string, string>): KVNamespace =>
  ({
    get: async (key: string) => kv.get(key) ?? null,
    put: async (key: string, value: string) => void kv.set(key, value),
  }) as unknown as KVNamespace;

type Fetch = (url: string, init: RequestInit) => Promise<Response>;

/** The facilitator's client asks through the platform's `fetch`, which stands at the network here. */
function onNetwork<T>(fetcher: Fetch, build: () => T): T {
  globalThis.fetch = fetcher as typeof fetch;
  return build();
}
