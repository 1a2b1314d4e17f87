// The gate around its real parts in Node, with a network of the test's own: what stands behind `fetch` is one function
// for the upstream and one for the facilitator. Every message of it is remembered.

import { createHmac } from "node:crypto";
import type { Fate } from "../../../src/chain/index.ts";
import { parseConfig, sentence } from "../../../src/config/index.ts";
import { buildFacilitator } from "../../../src/facilitator/index.ts";
import { type Gate, handle, type RequestLine } from "../../../src/gateway/index.ts";
import {
  buildBooks,
  buildExposure,
  buildSpentPayments,
  LedgerObject,
  type LedgerStub,
  readGateKey,
} from "../../../src/ledger/index.ts";
import type { Outcome } from "../../../src/outcome/index.ts";
import { buildUpstream } from "../../../src/upstream/index.ts";
import { encodePayment, PAY_TO, type Payment } from "../../support/payment.ts";
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

export interface Sent {
  readonly method: string;
  readonly url: string;
  readonly headers: Headers;
  readonly body: Uint8Array | ReadableStream<Uint8Array> | null;
}

type Answer = { readonly status: number; readonly headers?: HeadersInit; readonly body?: BodyInit | null };

/** Short enough to be read whole. */
export const GOODS: Answer = { status: 200, headers: { "content-length": "5" }, body: "goods" };

/** What stands around the gate; each member as a test wants it. */
export interface Around {
  readonly upstream: (sent: Sent) => Answer | Promise<Answer>;
  readonly verify: (body: string) => object | Promise<object>;
  readonly settle: (body: string) => object | Promise<object>;
  /** Null without an RPC. */
  readonly fate: (() => Fate) | null;
  readonly changes: Partial<Gate>;
}

class Ledger extends LedgerObject {}

/** The platform's own, as far as an answer of a length that nobody says needs it. */
Object.assign(globalThis, { IdentityTransformStream: TransformStream });

export function openGate(table: object = {}, around: Partial<Around> = {}) {
  const parsed = parseConfig({ ...TABLE, ...table });
  if (!parsed.ok) throw new Error(parsed.error.map(sentence).join("\n"));
  const { value: config } = parsed;
  const seen: Sent[] = [];
  const asked: string[] = [];
  const lines: RequestLine[] = [];
  const held: Promise<unknown>[] = [];
  const kv = new Map<string, string>();
  const clock = { nowMs: Date.now() };
  const ledgers = new Map<string, Ledger>();
  const open = (name: string): LedgerStub => {
    const ledger = ledgers.get(name) ?? newLedger(() => clock.nowMs);
    ledgers.set(name, ledger);
    return ledger;
  };
  const { upstream = () => GOODS, fate = null, changes = {} } = around;
  const facilitator = async (url: string, { body }: RequestInit): Promise<Response> => {
    const isVerify = url.endsWith("/verify");
    asked.push(isVerify ? "verify" : "settle");
    const { verify = isValid, settle = isSettled } = around;
    return Response.json(await (isVerify ? verify : settle)(String(body)));
  };
  const fetcher = {
    async fetch(url: string, init: Omit<Sent, "url">) {
      const sent = { ...init, url };
      seen.push(sent);
      const { status, headers, body = null } = await upstream(sent);
      // A status that no Response has is one that an upstream may send.
      return { status, headers: new Headers(headers), body: body === null ? null : new Response(body).body };
    },
  };
  let ids = 0;
  const gate: Gate = {
    config,
    books: buildBooks(open),
    exposure: buildExposure(open),
    seal: {
      async sign(text) {
        const key = await readGateKey(open, "the gate's key");
        return key && createHmac("sha256", key).update(text).digest("base64url");
      },
    },
    spent: buildSpentPayments(kvOf(kv), new Map()),
    facilitator: (settings) => onNetwork(facilitator, () => buildFacilitator(settings)),
    upstream: (settings) =>
      buildUpstream({ ...settings, headers: [], signer: null, fetcher: fetcher as unknown as Fetcher }),
    publicKeys: async () => [],
    chain: () => fate && { fateOf: async () => fate() },
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
  /** Everything behind the answer is over, too. */
  const ask = async (path: string, changes: Partial<Sent> = {}): Promise<Outcome> => {
    const outcome = await handle(gate, requestOf(path, changes), "request-id");
    await settled();
    return outcome;
  };
  const pay = (path: string, payment: Payment, changes: Partial<Sent> = {}): Promise<Outcome> => {
    const headers = new Headers(changes.headers);
    headers.set("payment-signature", encodePayment(payment));
    return ask(path, { ...changes, headers });
  };
  return { gate, ask, pay, seen, asked, lines, kv, clock, open, settled };
}

/** As the Worker gets it: Node's own Request would rewrite the URL, and take no such headers. */
export const requestOf = (path: string, { method = "GET", headers, body = null }: Partial<Sent> = {}): Request =>
  ({
    method,
    url: path.startsWith("/") ? ORIGIN + path : path,
    headers: headers ?? new Headers(),
    body: body instanceof Uint8Array ? new Response(body as BodyInit).body : body,
  }) as unknown as Request;

export const payerOf = (body: string): string => JSON.parse(body).paymentPayload.payload.authorization.from;
export const isValid = (body: string): object => ({ isValid: true, payer: payerOf(body) });
export const isSettled = (body: string): object => ({
  success: true,
  payer: payerOf(body),
  network: JSON.parse(body).paymentRequirements.network,
  transaction: HASH,
});

function newLedger(nowMs: () => number): Ledger {
  const nothing = async (): Promise<void> => undefined;
  const ctx = { storage: { ...openStore(), setAlarm: nothing, deleteAlarm: nothing } } as unknown as DurableObjectState;
  let ids = 0;
  const clerk = { attend: nothing, publish: nothing };
  return new Ledger(ctx, {}, { clerk, hasSink: false, nowMs, newId: () => `finder-${++ids}` });
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
