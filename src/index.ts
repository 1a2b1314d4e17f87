// The Worker's door: reads `env`, builds the dependencies once, mounts Hono. Clock, randomness and `env` enter here
// and nowhere else. Whatever goes wrong is answered here, never by the upstream: the gate fails closed.

import { env, waitUntil } from "cloudflare:workers";
import { Hono } from "hono";
import pricing from "pricing";
import { parseConfig, sentence } from "./config/index.ts";
import { buildFacilitator } from "./facilitator/index.ts";
import { type Gate, handle } from "./gateway/index.ts";
import { buildBooks, buildSpentPayments, type Ledger } from "./ledger/index.ts";
import { logPayment } from "./log.ts";
import { respond } from "./outcome/index.ts";
import { err, ok, type Result } from "./std/index.ts";
import { buildUpstream, fillSecrets } from "./upstream/index.ts";

export { Ledger } from "./ledger/index.ts";

interface Bindings {
  readonly LEDGER?: DurableObjectNamespace<Ledger>;
  readonly SPENT?: KVNamespace;
  /** Secrets and service bindings, by the names that the table gives them. */
  readonly [name: string]: unknown;
}

const gate = openGate(env as Bindings);
/** A gate that cannot be opened lets no page read why. */
const cors = gate.ok ? gate.value.config.cors : [];
const app = new Hono();

app.all("*", async (c) => {
  const origin = c.req.raw.headers.get("origin");
  if (gate.ok) return respond(await handle(gate.value, c.req.raw), cors, origin);
  console.error(JSON.stringify({ event: "misconfigured", mistakes: gate.error }));
  return respond({ kind: "refused", problem: { reason: "misconfigured" } }, cors, origin);
});

app.onError((error, c) => {
  const requestId = crypto.randomUUID();
  console.error(JSON.stringify({ event: "error", requestId, error: String(error), stack: error.stack }));
  return respond(
    { kind: "refused", problem: { reason: "internal_error", requestId } },
    cors,
    c.req.raw.headers.get("origin"),
  );
});

export default app;

/** The error is every reason why requests cannot be served, as sentences. */
function openGate(bindings: Bindings): Result<Gate, readonly string[]> {
  const parsed = parseConfig(pricing);
  if (!parsed.ok) return err(parsed.error.map(sentence));
  const { value: config } = parsed;
  const { LEDGER, SPENT } = bindings;
  const { timeoutMs, headers, service } = config.upstream;
  const fetcher = service === null ? globalThis : (bindings[service] as Fetcher | undefined);
  if (!LEDGER || !SPENT || !fetcher)
    return err([`wrangler.toml has to bind LEDGER, SPENT${service ? `, ${service}` : ""}`]);
  const filled = fillSecrets(headers, bindings);
  if (!filled.ok) return err(filled.error.map((name) => `the secret ${name} is missing: wrangler secret put ${name}`));
  return ok({
    config,
    books: buildBooks(LEDGER),
    spent: buildSpentPayments(SPENT, new Map()),
    facilitator: buildFacilitator(config.facilitator),
    upstream: buildUpstream({ timeoutMs, headers: filled.value, fetcher }),
    nowMs: Date.now,
    newId: () => crypto.randomUUID(),
    waitUntil,
    logPayment,
  });
}
