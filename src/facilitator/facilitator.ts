// The facilitator over HTTP: `/verify`, `/settle` and `/supported` (core specification, section 7). Each call has a
// deadline over headers and body, a cap on what is read, and follows no redirect. What an answer means is decided in
// `x402/`; what never arrived is `unavailable` for a verify and `unknown` for a settle.

import type { CheckedPayment } from "../schemes/index.ts";
import { err, ok, parseJson, type Result, readAnswer } from "../std/index.ts";
import {
  type Abilities,
  type AssetTransferMethod,
  type Expected,
  type FacilitatorReply,
  isAnswer,
  isPending,
  isSolana,
  type LateSettlement,
  readAbilities,
  readSettlement,
  readSettlementAgain,
  readVerdict,
  type Settlement,
  type Verdict,
} from "../x402/index.ts";
import type { Authorize, AuthSettings } from "./auth.ts";
import { type Admission, Breaker, inTurn } from "./breaker.ts";
import { type Accounts, type Notes, Supported } from "./supported.ts";

interface Timeouts {
  readonly verifyTimeoutMs: number;
  readonly settleTimeoutMs: number;
}

/** One over HTTP. */
export interface HttpSettings extends Timeouts, Accounts {
  readonly kind: "http";
  /** Without a trailing slash. */
  readonly url: string;
  /** Null where it asks nobody who they are. */
  readonly auth: AuthSettings | null;
}

/** One that lives in the Worker: an account of the seller's, which pays the gas. */
export interface OwnSettings extends Timeouts {
  readonly kind: "direct";
  /** CAIP-2. */
  readonly network: string;
  /** RPC URLs in order of preference; `{{SECRET}}` may stand in them, and stands for the key. */
  readonly urls: readonly string[];
  readonly key: string;
  /** Blocks in which a transaction has to be seen: 1 is mined. */
  readonly confirmations: number;
  /** The most that is offered for a unit of gas. */
  readonly maxFeeGwei: number;
}

export type FacilitatorSettings = HttpSettings | OwnSettings;

/** A payment, as far as it decides who can settle it. */
export interface Need {
  /** CAIP-2. */
  readonly network: string;
  readonly assetTransferMethod: AssetTransferMethod;
}

/** What those over HTTP can do is theirs to say. */
export const canSettle = (settings: FacilitatorSettings, { network, assetTransferMethod }: Need): boolean =>
  settings.kind === "http" || (settings.network === network && assetTransferMethod === "eip3009");

/** As people call it. */
export const titleOf = (settings: FacilitatorSettings): string =>
  settings.kind === "http" ? settings.url : `the gate itself, on ${settings.network}`;

const BODY_BYTES_MAX = 64 * 1024;
const JSON_LIMITS = { depthMax: 16, nodesMax: 4096 };

/** Of a text that anybody may have written, silence says nothing. */
type Proof = Pick<CheckedPayment, "isProven">;

/** With what of an attempt decides whether it was the facilitator that failed. */
interface Attempted extends Expected, Partial<Proof> {
  /** Whether another one could be asked in its place. */
  readonly hasNext?: boolean;
}

export interface Facilitator {
  /** What the ledger pins a payment to. */
  readonly name: string;
  /** What everybody may know of it: of a URL no more than the host, because a path may be a secret. */
  readonly publicName: string;
  /** Blocks in which the gate has to see a settlement where it looks for one itself, its own and what is built on it. */
  readonly confirmations: number;
  /** Whether it answers. */
  readonly breaker: Admission;
  readonly supported: Supported;
  /** @param body of `facilitatorBody` */
  readonly verify: (body: string, expected: Expected & Partial<Proof>) => Promise<Verdict>;
  readonly settle: (body: string, expected: Attempted) => Promise<Settlement>;
  /** After an attempt without an answer: the identical body once more. */
  readonly settleAgain: (body: string, expected: Expected) => Promise<LateSettlement>;
}

/** One text for verify, settle and settling again: what is asked twice has to be identical. */
export function facilitatorBody({ paymentPayload, requirements }: CheckedPayment): string {
  return JSON.stringify({ x402Version: 2, paymentPayload, paymentRequirements: requirements });
}

/** Of a part of what was authorized (scheme `upto`, "Phase-Dependent amount"). @param amount atomic units, above zero */
export function partBody({ paymentPayload, requirements }: CheckedPayment, amount: string): string {
  return JSON.stringify({ x402Version: 2, paymentPayload, paymentRequirements: { ...requirements, amount } });
}

/** On Solana some name the one who pays the gas as the payer; who that is, the body says. */
function aboutIn(body: string, expected: Expected): Expected {
  if (!isSolana(expected.network)) return expected;
  const { paymentRequirements } = JSON.parse(body) as { readonly paymentRequirements: CheckedPayment["requirements"] };
  return { ...expected, settler: String(paymentRequirements.extra?.["feePayer"]) };
}

/** Between two questions about a settlement that is under way. */
const PENDING_PAUSE_MS = 1_000;

/** What it takes of the world. */
export interface FacilitatorParts {
  /** Of `openAuth`, for these settings. */
  readonly authorize: Authorize | null;
  readonly notes: Notes;
  readonly nowMs: () => number;
  /** From 0 up to 1. */
  readonly random: () => number;
}

/** Who is asked, and for how long; of the rest of its settings no more than its accounts count here. */
type Address = Omit<HttpSettings, "kind" | "auth" | keyof Accounts> & Partial<Accounts>;

/** Before a verify that was not answered at all is tried once more: half of it, and up to as much again. */
const RETRY_PAUSE_MS = 100;

export function buildFacilitator(
  { url, verifyTimeoutMs, settleTimeoutMs, ...accounts }: Address,
  { authorize, notes, nowMs, random }: FacilitatorParts,
): Facilitator {
  const breakers = { "/verify": new Breaker(nowMs, random), "/settle": new Breaker(nowMs, random) };
  const ask = async (): Promise<Abilities | null> => {
    const read = await readSupported(url, verifyTimeoutMs, authorize);
    return read.ok ? read.value : null;
  };
  const supported = new Supported(url, ask, notes, nowMs, accounts);
  /**
   * @param isExcused whether an answer that did not come says nothing of the facilitator
   * @param isBlamed whether it rests for settling nothing
   */
  const post = async (
    path: keyof typeof breakers,
    body: string,
    deadline: AbortSignal,
    isExcused: () => boolean,
    isBlamed = false,
  ): Promise<Result<FacilitatorReply, string>> => {
    const init = { method: "POST", body, headers: { "content-type": "application/json" } };
    const reply = await call(url + path, init, deadline, authorize);
    if (reply.ok || !isExcused()) note(breakers[path], path, reply, isBlamed);
    return reply.ok ? reply : err(said(path, reply.error));
  };
  const settle = async (body: string, expected: Attempted, read: typeof readSettlement): Promise<Settlement> => {
    const deadline = AbortSignal.timeout(settleTimeoutMs);
    const about = aboutIn(body, expected);
    const isBlamed = (expected.isProven && expected.hasNext) ?? false;
    const reply = await post("/settle", body, deadline, () => false, isBlamed);
    let settlement = reply.ok ? read(reply.value, about) : lost(reply.error);
    // What is under way is asked for again with the identical body; its hash is kept, whatever comes after.
    while (isPending(settlement)) {
      await pause(PENDING_PAUSE_MS);
      // What was not asked is no silence of the facilitator's, nor is that it waits for the chain longer than we do.
      if (deadline.aborted) break;
      const again = await post("/settle", body, deadline, () => deadline.aborted, isBlamed);
      const later = again.ok ? readSettlementAgain(again.value, about) : lost(again.error);
      settlement =
        later.kind === "unknown" && later.transaction === null ? { ...settlement, detail: later.detail } : later;
    }
    return settlement;
  };
  return {
    name: url,
    publicName: new URL(url).host,
    // Its own "settled" says nothing of what is built on it.
    confirmations: 1,
    breaker: inTurn(breakers["/verify"], breakers["/settle"]),
    supported,
    async verify(body, expected) {
      const deadline = AbortSignal.timeout(verifyTimeoutMs);
      const once = () => post("/verify", body, deadline, () => !expected.isProven);
      let reply = await once();
      if (!reply.ok && !deadline.aborted) {
        await pause(RETRY_PAUSE_MS * (0.5 + random()));
        if (!deadline.aborted) reply = await once();
      }
      if (!reply.ok) return { kind: "unavailable", detail: reply.error };
      const verdict = readVerdict(reply.value, aboutIn(body, expected));
      // What is good comes to be settled.
      if (verdict.kind !== "valid" || breakers["/settle"].isAsked()) return verdict;
      return { kind: "unavailable", detail: "settle was not answered of late" };
    },
    settle: (body, expected) => settle(body, expected, readSettlement),
    settleAgain: (body, expected) => settle(body, expected, readSettlementAgain) as Promise<LateSettlement>,
  };
}

const pause = (ms: number): Promise<void> => new Promise((resolve) => setTimeout(resolve, ms));

const lost = (detail: string): LateSettlement => ({ kind: "unknown", detail, transaction: null });

const said = (path: string, what: string): string => `${path.slice(1)} ${what}`;

/** Statuses of who does not know who asks, or has nothing at this address: whatever is paid, it will not answer. */
const TURNED_AWAY: ReadonlySet<number> = new Set([401, 404]);

/**
 * Whether it settles nothing of what it verified, as what stands before it says: it would be asked on for ever, and the
 * next one never. Where there is none, or what is settled is a wallet's to refuse in a block, nothing would be won by that.
 */
const settlesNothing = (path: string, status: number): boolean =>
  path === "/settle" && (status === 429 || status >= 500);

/**
 * Silence counts, and being turned away, and to be there for no settlement. Nothing else does, not even a 403, which is
 * what a firewall in front of it says to a text that it does not like, and no word about a payment, whatever its status:
 * with what a payment can make it say, nobody shall stop it.
 */
function note(breaker: Breaker, path: string, reply: Result<FacilitatorReply, string>, isBlamed: boolean): void {
  const what = said(path, reply.ok ? `answered ${reply.value.status}` : reply.error);
  if (reply.ok && isAnswer(reply.value)) breaker.answered();
  else if (!reply.ok || TURNED_AWAY.has(reply.value.status)) breaker.failed(what);
  else if (!settlesNothing(path, reply.value.status)) breaker.babbled(what);
  else if (isBlamed) breaker.failed(what);
  else breaker.troubled(what);
}

/** What the facilitator says that it can do; the error is why that is not known. */
export async function readSupported(
  url: string,
  timeoutMs: number,
  authorize: Authorize | null = null,
): Promise<Result<Abilities, string>> {
  const reply = await call(`${url}/supported`, { method: "GET" }, AbortSignal.timeout(timeoutMs), authorize);
  if (!reply.ok) return err(said("/supported", reply.error));
  const abilities = readAbilities(reply.value);
  return abilities ? ok(abilities) : err(said("/supported", `answered ${reply.value.status} without kinds`));
}

/** An error where no answer came. A redirect, and a body beyond the cap, are no JSON. */
async function call(
  url: string,
  init: RequestInit & { readonly method: string },
  deadline: AbortSignal,
  authorize: Authorize | null,
): Promise<Result<FacilitatorReply, string>> {
  try {
    const headers = new Headers(init.headers);
    for (const [name, value] of (await authorize?.(init.method, url)) ?? []) headers.set(name, value);
    const response = await fetch(url, { ...init, headers, redirect: "manual", signal: deadline });
    const { status } = response;
    const bytes = status >= 300 && status < 400 ? null : await readAnswer(response, BODY_BYTES_MAX);
    const json = bytes?.ok ? parseJson(new TextDecoder().decode(bytes.value), JSON_LIMITS) : null;
    return ok({ status, json: json?.ok ? json.value : undefined });
  } catch {
    return err(deadline.aborted ? "was not answered in time" : "was not answered");
  }
}
