// The facilitator over HTTP: `/verify`, `/settle` and `/supported` (core specification, section 7). Each call has a
// deadline over headers and body, a cap on what is read, and follows no redirect. What an answer means is decided in
// `x402/`; what never arrived is `unavailable` for a verify and `unknown` for a settle.

import type { AdmittedPayment, CheckedPayment } from "../schemes/index.ts";
import { parseJson, readBounded } from "../std/index.ts";
import {
  type Expected,
  type FacilitatorReply,
  type Kind,
  type LateSettlement,
  readKinds,
  readSettlement,
  readSettlementAgain,
  readVerdict,
  type Settlement,
  type Verdict,
} from "../x402/index.ts";

export interface FacilitatorSettings {
  /** Without a trailing slash. */
  readonly url: string;
  readonly verifyTimeoutMs: number;
  readonly settleTimeoutMs: number;
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

export function buildFacilitator({ url, verifyTimeoutMs, settleTimeoutMs }: FacilitatorSettings): Facilitator {
  const settle = (body: string): Promise<FacilitatorReply | null> => post(`${url}/settle`, body, settleTimeoutMs);
  const lost: LateSettlement = { kind: "unknown", detail: "settle was not answered" };
  return {
    async verify(body, expected) {
      const reply = await post(`${url}/verify`, body, verifyTimeoutMs);
      return reply ? readVerdict(reply, expected) : { kind: "unavailable", detail: "verify was not answered" };
    },
    async settle({ payment, facilitatorBody }) {
      const reply = await settle(facilitatorBody);
      return reply ? readSettlement(reply, payment) : lost;
    },
    async settleAgain(body, expected) {
      const reply = await settle(body);
      return reply ? readSettlementAgain(reply, expected) : lost;
    },
  };
}

/** What the facilitator says that it can do, or null where it does not say. */
export async function readSupported(url: string, timeoutMs: number): Promise<readonly Kind[] | null> {
  const reply = await call(`${url}/supported`, { method: "GET" }, timeoutMs);
  return reply && readKinds(reply);
}

const post = (url: string, body: string, timeoutMs: number): Promise<FacilitatorReply | null> =>
  call(url, { method: "POST", body, headers: { "content-type": "application/json" } }, timeoutMs);

/** Null where no whole answer came: a connection error, the deadline, a redirect, or a body beyond the cap. */
async function call(url: string, init: RequestInit, timeoutMs: number): Promise<FacilitatorReply | null> {
  try {
    const response = await fetch(url, { ...init, redirect: "manual", signal: AbortSignal.timeout(timeoutMs) });
    if (response.status >= 300 && response.status < 400) return null;
    const body = response.body && (await readBounded(response.body, BODY_BYTES_MAX));
    if (!body?.ok) return null;
    const json = parseJson(new TextDecoder().decode(body.value), JSON_LIMITS);
    return { status: response.status, json: json.ok ? json.value : undefined };
  } catch {
    return null;
  }
}
