// The Worker's door: reads `env`, builds the dependencies once, mounts Hono. Clock, randomness and `env` enter here
// and nowhere else. Whatever goes wrong is answered here, never by the upstream: the gate fails closed.

import { env, waitUntil } from "cloudflare:workers";
import { Hono } from "hono";
import pricing from "pricing";
import { type Config, parseConfig, sentence } from "./config/index.ts";
import { buildFacilitator } from "./facilitator/index.ts";
import { type Gate, handle } from "./gateway/index.ts";
import { buildBooks, buildSpentPayments, type Ledger } from "./ledger/index.ts";
import { logRequest } from "./log.ts";
import { respond } from "./outcome/index.ts";
import type { Problem } from "./problem.ts";
import { err, ok, type Result } from "./std/index.ts";
import { buildUpstream, fillSecrets, type Upstream, type UpstreamSettings } from "./upstream/index.ts";

export { Ledger } from "./ledger/index.ts";

interface Bindings {
  readonly LEDGER?: DurableObjectNamespace<Ledger>;
  readonly SPENT?: KVNamespace;
  /** Without it signatures that cannot be checked here are not let in. */
  readonly UNPROVEN?: RateLimit;
  /** Secrets and service bindings, by the names that the table gives them. */
  readonly [name: string]: unknown;
}

const gate = openGate(env as Bindings);
/** A gate that cannot be opened lets no page read why. */
const cors = gate.ok ? gate.value.config.cors : [];
const app = new Hono<{ Variables: { requestId: string } }>();

app.all("*", async (c) => {
  const requestId = crypto.randomUUID();
  c.set("requestId", requestId);
  const { raw } = c.req;
  if (!gate.ok) return fail(raw, requestId, "misconfigured", { mistakes: gate.error });
  return respond(await handle(gate.value, raw, requestId), cors, { requestId, origin: raw.headers.get("origin") });
});

app.onError((error, c) =>
  fail(c.req.raw, c.get("requestId"), "internal_error", { error: String(error), stack: error.stack }),
);

export default app;

function fail(
  { headers }: Request,
  requestId: string,
  reason: Extract<Problem["reason"], "misconfigured" | "internal_error">,
  evidence: object,
): Response {
  console.error(JSON.stringify({ event: reason, requestId, ...evidence }));
  return respond({ kind: "refused", problem: { reason } }, cors, { requestId, origin: headers.get("origin") });
}

/** The error is every reason why requests cannot be served, as sentences. */
function openGate(bindings: Bindings): Result<Gate, readonly string[]> {
  const parsed = parseConfig(pricing);
  if (!parsed.ok) return err(parsed.error.map(sentence));
  const { value: config } = parsed;
  const { LEDGER, SPENT, UNPROVEN } = bindings;
  if (!LEDGER || !SPENT) return err(["wrangler.toml has to bind LEDGER and SPENT"]);
  const upstreams = openUpstreams(config, bindings);
  if (!upstreams.ok) return upstreams;
  const facilitators = new Map(config.facilitators.map((settings) => [settings, buildFacilitator(settings)]));
  return ok({
    config,
    books: buildBooks(LEDGER),
    spent: buildSpentPayments(SPENT, new Map()),
    facilitator: lookUp(facilitators),
    upstream: lookUp(upstreams.value),
    admitUnproven: async (client) => (await UNPROVEN?.limit({ key: client }))?.success ?? false,
    nowMs: Date.now,
    newId: () => crypto.randomUUID(),
    waitUntil,
    log: logRequest,
  });
}

function openUpstreams(
  { upstreams }: Config,
  bindings: Bindings,
): Result<ReadonlyMap<UpstreamSettings, Upstream>, readonly string[]> {
  const missing = new Set<string>();
  const opened = new Map<UpstreamSettings, Upstream>();
  for (const settings of upstreams) {
    const { service } = settings;
    const fetcher = service === null ? globalThis : (bindings[service] as Fetcher | undefined);
    const headers = fillSecrets(settings.headers, bindings);
    if (!fetcher) missing.add(`wrangler.toml has to bind ${service}`);
    if (!headers.ok)
      for (const name of headers.error) missing.add(`the secret ${name} is missing: wrangler secret put ${name}`);
    if (fetcher && headers.ok) opened.set(settings, buildUpstream({ ...settings, headers: headers.value, fetcher }));
  }
  return missing.size > 0 ? err([...missing]) : ok(opened);
}

/** The gate asks for no part that its table does not name. */
function lookUp<Settings, Part>(parts: ReadonlyMap<Settings, Part>): (settings: Settings) => Part {
  return (settings) => parts.get(settings) as Part;
}
