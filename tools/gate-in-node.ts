// The gate's own code, run in Node for one request that reaches nothing: what is told about a request is what the gate
// does with it, and no second opinion. The platform's module is there by name only; a request without a payment asks
// neither the ledger nor a facilitator.

import { createRequire, registerHooks } from "node:module";
import type { Config } from "../src/config/index.ts";
import type { Gate, RequestLine } from "../src/gateway/index.ts";
import { respond } from "../src/outcome/index.ts";
import type { UpstreamSettings } from "../src/upstream/index.ts";

const PLATFORM = "data:text/javascript,export class DurableObject {}";

registerHooks({
  resolve: (specifier, context, next) =>
    specifier === "cloudflare:workers" ? { url: PLATFORM, shortCircuit: true } : next(specifier, context),
});

// After the hook, and by Node itself also where a test runner resolves imports in its own way.
const { handle } = createRequire(import.meta.url)(
  "../src/gateway/index.ts",
) as typeof import("../src/gateway/index.ts");

export interface Trial {
  readonly response: Response;
  /** What the gate logs of it. */
  readonly line: RequestLine;
  /** The fetch that the upstream would have got; null where none would be made. */
  readonly fetched: { readonly url: string; readonly settings: UpstreamSettings } | null;
}

/** @param url as the Worker gets it: scheme, host and the raw request target */
export async function tryRequest(config: Config, method: string, url: string): Promise<Trial> {
  let fetched: Trial["fetched"] = null;
  const lines: RequestLine[] = [];
  const gate = {
    config,
    upstream: (settings) => async (request) => {
      fetched = { url: request.url, settings };
      return { kind: "answered", answer: { status: 200, headers: new Headers(), body: null, length: 0 } };
    },
    // None that could have said what it can do.
    facilitators: { among: () => [], of: () => [], named: () => null, all: [] },
    publicKeys: async () => [],
    nowMs: () => 0,
    log: (line) => void lines.push(line),
  } satisfies Partial<Gate>;
  // Node's own Request would rewrite the URL first.
  const request = { method, url, headers: new Headers(), body: null } as unknown as Request;
  const outcome = await handle(gate as unknown as Gate, request, "");
  const response = respond(outcome, config.cors, { requestId: "", origin: null });
  const [line] = lines;
  if (line === undefined) throw new Error("the gate logged nothing");
  return { response, line, fetched };
}
