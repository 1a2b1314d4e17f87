// The gate's own code, run in Node for one request that reaches nothing: what is told about a request is what the gate
// does with it, and no second opinion. The platform's module is there by name only; a request without a payment asks
// neither the ledger nor a facilitator.

import { createRequire, registerHooks } from "node:module";
import type { Config } from "../src/config/index.ts";
import { type Facilitator, type FacilitatorSettings, Supported, titleOf } from "../src/facilitator/index.ts";
import type { Gate, RequestLine } from "../src/gateway/index.ts";
import { respond } from "../src/outcome/index.ts";
import type { UpstreamSettings } from "../src/upstream/index.ts";
import { PRICE_QUOTE } from "../src/x402/index.ts";

const PLATFORM = "data:text/javascript,export class DurableObject {}";

registerHooks({
  resolve: (specifier, context, next) =>
    specifier === "cloudflare:workers" ? { url: PLATFORM, shortCircuit: true } : next(specifier, context),
});

// After the hook, and by Node itself also where a test runner resolves imports in its own way.
const { handle, sellComputed } = createRequire(import.meta.url)(
  "../src/gateway/index.ts",
) as typeof import("../src/gateway/index.ts");

export interface Trial {
  readonly response: Response;
  /** What the gate logs of it. */
  readonly line: RequestLine;
  /** The last fetch that the upstream would have got; null where none would be made. */
  readonly fetched: { readonly url: string; readonly settings: UpstreamSettings } | null;
  /** Extensions that the challenge would have, too, by what nobody knows here: the gate's own key, a facilitator's word. */
  readonly unknown: readonly string[];
}

/** What a request says beside its target. */
export interface Sent {
  readonly headers: Headers;
  readonly body: string | null;
}

export const NOTHING_SENT: Sent = { headers: new Headers(), body: null };

/** One that was not asked what it can do, nor as whom it settles. */
const unasked = (settings: FacilitatorSettings, unknown: Set<string>): Facilitator => {
  const written = settings.kind === "http" ? settings : {};
  const notes = { read: async () => null, write: async () => undefined };
  const silent = new Supported(
    titleOf(settings),
    async () => null,
    notes,
    () => 0,
    written,
  );
  const supported = {
    isStale: () => false,
    extends(extension) {
      unknown.add(extension);
      return null;
    },
    lists: () => null,
    settler: (payment) => silent.settler(payment) ?? "(as your facilitator says)",
  } satisfies Partial<Facilitator["supported"]>;
  return { supported, breaker: { isAsked: () => true } } as unknown as Facilitator;
};

/** @param url as the Worker gets it: scheme, host and the raw request target */
export async function tryRequest(config: Config, method: string, url: string, sent: Sent): Promise<Trial> {
  let fetched: Trial["fetched"] = null;
  const lines: RequestLine[] = [];
  const unknown = new Set<string>();
  const gate = {
    config,
    upstream: (settings) => async (request) => {
      fetched = { url: request.url, settings };
      return { kind: "answered", answer: { status: 200, headers: new Headers(), body: null, length: 0 } };
    },
    facilitators: {
      among: () => [],
      of: (those) => those.map((one) => unasked(one, unknown)),
      named: () => null,
      all: [],
      publicName: () => "",
    },
    publicKeys: async () => [],
    quotes: new Map(),
    sellComputed,
    seal: {
      // Nobody is promised anything here.
      async sign() {
        unknown.add(PRICE_QUOTE);
        return null;
      },
    },
    nowMs: () => 0,
    log: (line) => void lines.push(line),
  } satisfies Partial<Gate>;
  // Node's own Request would rewrite the URL first.
  const body = sent.body === null ? null : new Response(sent.body).body;
  const request = { method, url, headers: sent.headers, body } as unknown as Request;
  const outcome = await handle(gate as unknown as Gate, request, "");
  const response = respond(outcome, config.cors, { requestId: "", origin: null });
  const [line] = lines;
  if (line === undefined) throw new Error("the gate logged nothing");
  return { response, line, fetched, unknown: [...unknown] };
}
