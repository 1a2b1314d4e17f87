// The Worker's door: reads `env` and builds the dependencies once. Clock, randomness and `env` enter here and nowhere
// else. Whatever goes wrong is answered here, never by the upstream: the gate fails closed.

import { DurableObject, env, WorkerEntrypoint, waitUntil } from "cloudflare:workers";
import features from "features";
import pricing from "pricing";
import type { Chain } from "./chain/index.ts";
import { type Config, offersOf, type PricedRoute, parseConfig, sentence } from "./config/index.ts";
import type { OpenAccounts, RelayerObject, RelayerStub } from "./direct/index.ts";
import {
  buildFacilitator,
  buildFacilitators,
  type Facilitator,
  type FacilitatorSettings,
  type Facilitators,
  type HttpSettings,
  type Notes,
  type OwnSettings,
  openAuth,
} from "./facilitator/index.ts";
import { findOut, type Gate, handle } from "./gateway/index.ts";
import {
  buildBooks,
  buildExposure,
  buildNotes,
  buildSpentPayments,
  buildTransactions,
  type Clerk as ClerkPart,
  type Due,
  type Entry,
  LedgerObject,
  type LedgerStub,
  readGateKey,
  writeEntries,
} from "./ledger/index.ts";
import { logRequest } from "./log.ts";
import { type Asker, respond } from "./outcome/index.ts";
import type { Problem } from "./problem.ts";
import { encodeBytes, err, fillSecrets, missingSecret, ok, type Result, toBase64Url } from "./std/index.ts";
import {
  buildDirectory,
  buildSigner,
  buildUpstream,
  keyHint,
  readSigningKey,
  type SigningKey,
  type SigningKeySettings,
  signWith,
  type Upstream,
  type UpstreamSettings,
} from "./upstream/index.ts";
import { isSolana } from "./x402/index.ts";

interface Bindings {
  readonly LEDGER?: DurableObjectNamespace<LedgerObject>;
  readonly SPENT?: KVNamespace;
  /** For tables that settle with an account of their own. */
  readonly RELAYER?: DurableObjectNamespace<Relayer>;
  /** Without it signatures that cannot be checked here are not let in. */
  readonly UNPROVEN?: RateLimit;
  /** The seller's books; without it payments are known to their ledgers alone. */
  readonly BOOKS?: D1Database;
  /** Secrets and service bindings, by the names that the table gives them. */
  readonly [name: string]: unknown;
}

const WITHOUT =
  "and this bundle was built without that: deploy with the build command of wrangler.toml, npm run check -- --quiet";
const NO_DIRECT = `the table settles with an account of its own, ${WITHOUT}`;
const NO_COMPUTED = `the table has prices that follow the request, ${WITHOUT}`;
const NO_METERED = `the table has prices that follow use, ${WITHOUT}`;
const NO_CHAIN = `the table asks an RPC, ${WITHOUT}`;
const NO_SOLANA = `the table asks an RPC of Solana, ${WITHOUT}`;
/** A request to an RPC, headers and body. */
const RPC_TIMEOUT_MS = 5_000;

/** Those that pay gas; no message and no row has their keys. */
const accounts: OpenAccounts = { byAddress: new Map(), secretNames: new Map() };

const gate = openGate(env as Bindings);
/** A gate that cannot be opened lets no page read why. */
const cors = gate.ok ? gate.value.config.cors : [];

export default {
  async fetch(request: Request): Promise<Response> {
    const asker = { requestId: crypto.randomUUID(), origin: request.headers.get("origin") };
    if (!gate.ok) return fail(asker, "misconfigured", { mistakes: gate.error });
    try {
      return respond(await handle(gate.value, request, asker.requestId), cors, asker);
    } catch (error) {
      return fail(asker, "internal_error", { error: String(error), stack: error instanceof Error && error.stack });
    }
  },
};

/** Acts for the ledger, each row in an invocation of its own. */
export class Clerk extends WorkerEntrypoint<Bindings> {
  async attend(due: Due): Promise<void> {
    if (!gate.ok) throw new Error("the gate is misconfigured");
    await findOut(gate.value, due, false);
  }

  async publish(entries: readonly Entry[]): Promise<void> {
    if (this.env.BOOKS) await writeEntries(this.env.BOOKS, entries);
  }
}

/** A payer's book on a network, and the gate's own. */
export class Ledger extends LedgerObject<Bindings> {
  constructor(ctx: DurableObjectState, bindings: Bindings) {
    const { Clerk: clerk } = (ctx as unknown as { exports: { Clerk: ClerkPart } }).exports;
    super(ctx, bindings, { clerk, hasSink: bindings.BOOKS !== undefined, nowMs: Date.now, newId });
  }
}

/** The nonces of an account that pays gas. A bundle that settles by no such account has nothing in its place. */
export class Relayer extends ((features.RelayerObject ?? DurableObject) as typeof RelayerObject)<Bindings> {
  constructor(ctx: DurableObjectState, bindings: Bindings) {
    super(ctx, bindings, { account: (address) => accounts.byAddress.get(address) ?? null, nowMs: Date.now });
  }
}

function fail(
  asker: Asker,
  reason: Extract<Problem["reason"], "misconfigured" | "internal_error">,
  evidence: object,
): Response {
  console.error(JSON.stringify({ event: reason, requestId: asker.requestId, ...evidence }));
  return respond({ kind: "refused", problem: { reason } }, cors, asker);
}

/** The error is every reason why requests cannot be served, as sentences. */
function openGate(bindings: Bindings): Result<Gate, readonly string[]> {
  const { transferChecked } = features;
  const parsed = parseConfig(pricing, transferChecked ? [transferChecked] : []);
  if (!parsed.ok) return err(parsed.error.map(sentence));
  const { value: config } = parsed;
  const { LEDGER, SPENT, UNPROVEN } = bindings;
  if (!LEDGER || !SPENT) return err(["wrangler.toml has to bind LEDGER and SPENT"]);
  const { sellComputed, metering } = features;
  if (!sellComputed && config.routes.some(({ access }) => access.kind === "computed")) return err([NO_COMPUTED]);
  const isMetered = ({ access }: PricedRoute): boolean => offersOf(access).some(({ meter }) => meter !== null);
  if (!metering && config.routes.some(isMetered)) return err([NO_METERED]);
  const upstreams = openUpstreams(config, bindings);
  if (!upstreams.ok) return upstreams;
  const chains = openChains(config, bindings);
  if (!chains.ok) return chains;
  const facilitators = openFacilitators(config, bindings, buildNotes(SPENT));
  if (!facilitators.ok) return facilitators;
  const open = (name: string): LedgerStub => LEDGER.getByName(name);
  return ok({
    config,
    books: buildBooks(open),
    exposure: buildExposure(open),
    quotes: new Map(),
    sellComputed,
    metering,
    seal: { sign: buildSealer(() => readGateKey(open, newId())) },
    spent: buildSpentPayments(SPENT, new Map()),
    transactions: buildTransactions(open),
    facilitators: facilitators.value,
    upstream: lookUp(upstreams.value.opened),
    publicKeys: buildDirectory(upstreams.value.keys),
    chain: (network) => chains.value.get(network) ?? null,
    admitUnproven: async (client) => (await UNPROVEN?.limit({ key: client }))?.success ?? false,
    nowMs: Date.now,
    newId,
    sleep: (ms) => new Promise((resolve) => setTimeout(resolve, ms)),
    waitUntil,
    log: logRequest,
  });
}

interface OpenUpstreams {
  readonly opened: ReadonlyMap<UpstreamSettings, Upstream>;
  /** Every one that an upstream names, the retired ones too. */
  readonly keys: readonly SigningKey[];
}

function openUpstreams({ upstreams }: Config, bindings: Bindings): Result<OpenUpstreams, readonly string[]> {
  const missing = new Set<string>();
  const keys = new Map<string, SigningKey>();
  const opened = new Map<UpstreamSettings, Upstream>();
  for (const settings of upstreams) {
    const { service } = settings;
    const fetcher = service === null ? globalThis : (bindings[service] as Fetcher | undefined);
    const headers = fillSecrets(settings.headers, bindings);
    if (!fetcher) missing.add(`wrangler.toml has to bind ${service}`);
    if (!headers.ok) for (const name of headers.error) missing.add(missingSecret(name));
    for (const one of settings.sign) {
      const key = openKey(one, bindings);
      if (key.ok) keys.set(one.keyId, key.value);
      else missing.add(key.error);
    }
    const key = keys.get(settings.sign[0]?.keyId ?? "");
    const signer = key ? buildSigner(key, Date.now) : null;
    if (fetcher && headers.ok) {
      opened.set(settings, buildUpstream({ ...settings, headers: headers.value, signer, fetcher }));
    }
  }
  return missing.size > 0 ? err([...missing]) : ok({ opened, keys: [...keys.values()] });
}

/** The error is a sentence without the key's text. */
function openKey({ keyId, algorithm, key }: SigningKeySettings, bindings: Bindings): Result<SigningKey, string> {
  const filled = fillSecrets([[keyId, key]], bindings);
  if (!filled.ok) return err(missingSecret(filled.error.join()));
  const [[, text] = [keyId, ""]] = filled.value;
  const bytes = readSigningKey(algorithm, text);
  return bytes ? ok({ keyId, algorithm, bytes }) : err(`the secret of the signing key ${keyId} ${keyHint(algorithm)}`);
}

function openChains({ rpc }: Config, bindings: Bindings): Result<ReadonlyMap<string, Chain>, readonly string[]> {
  const filled = fillSecrets(
    [...rpc].flatMap(([network, urls]) => urls.map((url) => [network, url] as const)),
    bindings,
  );
  if (!filled.ok) return err(filled.error.map(missingSecret));
  const urlsOf = Map.groupBy(filled.value, ([network]) => network);
  const chains = new Map<string, Chain>();
  for (const [network, urls] of urlsOf) {
    const build = isSolana(network) ? features.buildSolanaChain : features.buildChain;
    if (!build) return err([isSolana(network) ? NO_SOLANA : NO_CHAIN]);
    chains.set(network, build({ urls: urls.map(([, url]) => url), timeoutMs: RPC_TIMEOUT_MS }));
  }
  return ok(chains);
}

function openFacilitators(
  { facilitators }: Config,
  secrets: Bindings,
  notes: Notes,
): Result<Facilitators, readonly string[]> {
  const { buildCdpAuth } = features;
  const wrong = new Set<string>();
  const opened = new Map<FacilitatorSettings, Facilitator>();
  const parts = { notes, nowMs: Date.now, random: Math.random };
  const openHttp = (settings: HttpSettings): Result<Facilitator, readonly string[]> => {
    const auth = openAuth(settings.auth, { secrets, buildCdpAuth, nowMs: Date.now, newNonce });
    return auth.ok ? ok(buildFacilitator(settings, { ...parts, authorize: auth.value })) : auth;
  };
  for (const settings of facilitators) {
    const facilitator = settings.kind === "http" ? openHttp(settings) : openOwn(settings, secrets);
    if (facilitator.ok) opened.set(settings, facilitator.value);
    else for (const sentence of facilitator.error) wrong.add(sentence);
  }
  return wrong.size > 0 ? err([...wrong]) : ok(buildFacilitators(opened));
}

/** The error is every reason why nothing could be settled so. */
function openOwn(settings: OwnSettings, secrets: Bindings): Result<Facilitator, readonly string[]> {
  const { openDirect } = features;
  const { RELAYER } = secrets;
  const open = RELAYER ? (name: string): RelayerStub => RELAYER.getByName(name) : null;
  if (!openDirect) return err([NO_DIRECT]);
  return openDirect(settings, { secrets, accounts, open, nowMs: Date.now, random: Math.random });
}

/** 122 random bits as 32 hex digits. */
function newNonce(): string {
  return crypto.randomUUID().replaceAll("-", "");
}

/** 192 random bits in base64url. */
function newId(): string {
  return toBase64Url(encodeBytes(crypto.getRandomValues(new Uint8Array(24))));
}

/** HMAC-SHA-256 in base64url under the gate's own key, which is asked for once. */
function buildSealer(readKey: () => Promise<string | null>): (text: string) => Promise<string | null> {
  let sign: ((text: string) => Promise<string>) | null = null;
  return async (text) => {
    const key = sign ? null : await readKey();
    if (key) sign = signWith({ algorithm: "hmac-sha256", bytes: new TextEncoder().encode(key) });
    return sign && toBase64Url(await sign(text));
  };
}

/** The gate asks for no part that its table does not name. */
function lookUp<Settings, Part>(parts: ReadonlyMap<Settings, Part>): (settings: Settings) => Part {
  return (settings) => parts.get(settings) as Part;
}
