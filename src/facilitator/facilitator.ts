// The facilitator over HTTP: `/verify`, `/settle` and `/supported` (core specification, section 7). Each call has a
// deadline over headers and body, a cap on what is read, and follows no redirect. What an answer means is decided in
// `x402/`; what never arrived is `unavailable` for a verify and `unknown` for a settle.

import type { AdmittedPayment, CheckedPayment } from "../schemes/index.ts";
import { parseJson, readAnswer } from "../std/index.ts";
import {
  type Expected,
  type FacilitatorReply,
  isPending,
  type Kind,
  type LateSettlement,
  readKinds,
  readSettlement,
  readSettlementAgain,
  readVerdict,
  type Settlement,
  type Verdict,
} from "../x402/index.ts";
import type { Authorize, AuthSettings } from "./auth.ts";

export interface FacilitatorSettings {
  /** Without a trailing slash. */
  readonly url: string;
  readonly verifyTimeoutMs: number;
  readonly settleTimeoutMs: number;
  /** Null where it asks nobody who they are. */
  readonly auth: AuthSettings | null;
}

const BODY_BYTES_MAX = 64 * 1024;
const JSON_LIMITS = { depthMax: 16, nodesMax: 4096 };

export interface Facilitator {
  /** @param body of `facilitatorBody` */
  readonly verify: (body: string, expected: Expected) => Promise<Verdict>;
  readonly settle: (payment: AdmittedPayment) => Promise<Settlement>;
  /** After an attempt without an answer: the identical body once more. */
  readonly settleAgain: (body: string, expected: Expected) => Promise<LateSettlement>;
}

/** One text for verify, settle and settling again: what is asked twice has to be identical. */
export function facilitatorBody({ paymentPayload, requirements }: CheckedPayment): string {
  return JSON.stringify({ x402Version: 2, paymentPayload, paymentRequirements: requirements });
}

/** Between two questions about a settlement that is under way. */
const PENDING_PAUSE_MS = 1_000;

/** @param authorize of `openAuth`, for these settings */
export function buildFacilitator(
  { url, verifyTimeoutMs, settleTimeoutMs }: Omit<FacilitatorSettings, "auth">,
  authorize: Authorize | null = null,
): Facilitator {
  const post = (path: string, body: string, deadline: AbortSignal): Promise<FacilitatorReply | null> =>
    call(url + path, { method: "POST", body, headers: { "content-type": "application/json" } }, deadline, authorize);
  const settle = async (body: string, expected: Expected, read: typeof readSettlement): Promise<Settlement> => {
    const deadline = AbortSignal.timeout(settleTimeoutMs);
    const reply = await post("/settle", body, deadline);
    let settlement = reply ? read(reply, expected) : LOST;
    // What is under way is asked for again with the identical body; its hash is kept, whatever comes after.
    while (isPending(settlement) && !deadline.aborted) {
      await new Promise((resolve) => setTimeout(resolve, PENDING_PAUSE_MS));
      const again = await post("/settle", body, deadline);
      const later = again ? readSettlementAgain(again, expected) : LOST;
      settlement =
        later.kind === "unknown" && later.transaction === null ? { ...settlement, detail: later.detail } : later;
    }
    return settlement;
  };
  return {
    async verify(body, expected) {
      const reply = await post("/verify", body, AbortSignal.timeout(verifyTimeoutMs));
      return reply ? readVerdict(reply, expected) : { kind: "unavailable", detail: "verify was not answered" };
    },
    settle: ({ payment, facilitatorBody }) => settle(facilitatorBody, payment, readSettlement),
    settleAgain: (body, expected) => settle(body, expected, readSettlementAgain) as Promise<LateSettlement>,
  };
}

const LOST: LateSettlement = { kind: "unknown", detail: "settle was not answered", transaction: null };

/** What the facilitator says that it can do, or null where it does not say. */
export async function readSupported(
  url: string,
  timeoutMs: number,
  authorize: Authorize | null = null,
): Promise<readonly Kind[] | null> {
  const reply = await call(`${url}/supported`, { method: "GET" }, AbortSignal.timeout(timeoutMs), authorize);
  return reply && readKinds(reply);
}

/** Null where no whole answer came: a connection error, the deadline, a redirect, or a body beyond the cap. */
async function call(
  url: string,
  init: RequestInit & { readonly method: string },
  deadline: AbortSignal,
  authorize: Authorize | null,
): Promise<FacilitatorReply | null> {
  try {
    const headers = new Headers(init.headers);
    for (const [name, value] of (await authorize?.(init.method, url)) ?? []) headers.set(name, value);
    const response = await fetch(url, { ...init, headers, redirect: "manual", signal: deadline });
    if (response.status >= 300 && response.status < 400) return null;
    const bytes = await readAnswer(response, BODY_BYTES_MAX);
    if (!bytes?.ok) return null;
    const json = parseJson(new TextDecoder().decode(bytes.value), JSON_LIMITS);
    return { status: response.status, json: json.ok ? json.value : undefined };
  } catch {
    return null;
  }
}
