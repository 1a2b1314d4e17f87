// What `pricing.json` compiles to.

import type { FacilitatorSettings, Known } from "../facilitator/index.ts";
import type { Meter } from "../metering/index.ts";
import type { CorsPolicy } from "../outcome/index.ts";
import type { Matcher, Route } from "../route/index.ts";
import type { SettleMode, Terms } from "../schemes/index.ts";
import type { JsonObject } from "../std/index.ts";
import type { PriceTable } from "../tariff/index.ts";
import type { UpstreamSettings } from "../upstream/index.ts";
import type { Challenge, GasSponsoring, ResourceInfo } from "../x402/index.ts";

/** A compiled price. */
export interface Offer {
  /** Dollars such as `$0.01`, or atomic units and their asset with a space between. */
  readonly price: string;
  /** What is sold, as challenges say it. */
  readonly about: Omit<ResourceInfo, "url">;
  /** The upstream's statuses that are charged; no other is. */
  readonly chargeOn: ReadonlySet<number>;
  /** Whether Range and If-* pass, so that a part may be bought, and a "not modified" costs nothing. */
  readonly ranges: boolean;
  /** Payment options in the operator's order of preference. */
  readonly terms: readonly Terms[];
  readonly challenge: Challenge;
  /** How long a payment is asked to be valid, and a quoted price holds. */
  readonly maxTimeoutSeconds: number;
  /** Whether clients may, or have to, name their calls. */
  readonly identifier: "off" | "optional" | "required";
  /** Advertised in the challenge, by their names. */
  readonly extensions: JsonObject;
  /** In the operator's order of preference; at least one. */
  readonly facilitators: readonly FacilitatorSettings[];
  readonly settle: SettleMode;
  /** Whether handshakes are sold. */
  readonly webSocket: boolean;
  /** What a payer in debt is offered where payers are trusted to be settled with later; null where nobody is. */
  readonly upfront: Challenge | null;
  /** Per payer and network; `unsettledMax` in millionths of a token. */
  readonly limits: Limits;
  /** What a call is charged for that is charged for what it used; null where the price is known. */
  readonly meter: Meter | null;
  /** Settlements of more are looked for on the chain before anything is delivered; null where none is. */
  readonly verifyAboveMicros: bigint | null;
  /** Extensions that are taken when the client signed something for them, whether they are advertised or were. */
  readonly sponsoring: readonly GasSponsoring[];
  /** For whose account payers sign, where they sign for one, as far as this form of the offer knows. */
  readonly settlers: Known["settler"];
  /** What is offered by what is known of the facilitators; null where that changes nothing. Each is built once. */
  readonly variant: ((known: Known) => Offer) | null;
  /** In `observe` everything is let through, and what would have been charged is logged. */
  readonly mode: "enforce" | "observe";
}

export interface Limits {
  readonly inFlightMax: number;
  readonly unchargedMax: number;
  readonly unsettledMicros: bigint;
  readonly creditMs: number;
  readonly debtMs: number;
}

interface Passage {
  readonly upstream: UpstreamSettings;
  /** Null where the table sets no limit. */
  readonly bodyBytesMax: number | null;
}

/** What is known before a request comes. */
export type FixedAccess =
  | { readonly kind: "closed" }
  | ({ readonly kind: "free" } & Passage)
  | ({ readonly kind: "paid"; readonly offer: Offer } & Passage);

/** What the request itself decides. */
export interface ComputedAccess extends Passage {
  readonly kind: "computed";
  readonly tariff: { readonly kind: "table"; readonly table: PriceTable<FixedAccess> } | Quoting;
  readonly mode: Offer["mode"];
}

/** A price that the upstream is asked for. */
export interface Quoting {
  readonly kind: "quoted";
  /** Of the upstream, below its own prefix. */
  readonly path: string;
  readonly sendsBody: boolean;
  readonly timeoutMs: number;
  readonly cacheMs: number;
  /** At the most that a quote may say. */
  readonly most: PaidAccess;
  /** Where no quote is to be had; null where nothing is sold then. */
  readonly fallback: PaidAccess | null;
}

export type Access = FixedAccess | ComputedAccess;

export type FreeAccess = Extract<FixedAccess, { kind: "free" }>;
export type PaidAccess = Extract<FixedAccess, { kind: "paid" }>;

export interface PricedRoute extends Route {
  readonly access: Access;
}

/** Every offer that a request could meet there. */
export function offersOf(access: Access): readonly Offer[] {
  const fixed = access.kind === "computed" ? entriesOf(access) : [access];
  return fixed.flatMap((one) => (one?.kind === "paid" ? [one.offer] : []));
}

function entriesOf({ tariff }: ComputedAccess): readonly (FixedAccess | null)[] {
  if (tariff.kind === "quoted") return [tariff.most, tariff.fallback];
  const { entries, steps, missing, otherwise } = tariff.table;
  return [...entries.values(), ...steps.map(([, access]) => access), missing, otherwise];
}

/** A public host; with `proto` where the table names its whole origin. */
export interface PublicHost {
  /** With the port where it is not the scheme's own. */
  readonly host: string;
  readonly proto: string | null;
}

export interface Config {
  readonly matcher: Matcher<PricedRoute>;
  /** In the order of the file. */
  readonly routes: readonly PricedRoute[];
  /** What happens to a request that no route names. */
  readonly unmatched: FreeAccess | { readonly kind: "closed" };
  /** Null where every host is served. */
  readonly hosts: readonly PublicHost[] | null;
  /** The first segment of Faregate's own endpoints. */
  readonly prefix: string;
  /** For priced routes, and for what the gate answers itself. */
  readonly cors: CorsPolicy;
  /** Every one that a route uses, and the table's own. */
  readonly upstreams: readonly UpstreamSettings[];
  readonly facilitators: readonly FacilitatorSettings[];
  /** RPC URLs by network (CAIP-2), in order of preference; `{{SECRET}}` may stand in them. */
  readonly rpc: ReadonlyMap<string, readonly string[]>;
  /** What all payers together may owe, in millionths of a token. */
  readonly unsettledTotalMicros: bigint;
  /** Bodies whose declared length is at most this are read whole. */
  readonly bufferBytesMax: number;
}

/** The longest that a settlement is looked for on the chain. */
export const CONFIRM_MS = 10_000;

/** What a lease has beyond what it is for: the way between takes time, too. */
export const LEASE_MARGIN_MS = 15_000;

interface Asked {
  readonly facilitators: readonly FacilitatorSettings[];
  readonly verifyAboveMicros: bigint | null;
}

/** The longest that one attempt may take: verify at one after the other, the upstream, settle at one, a look at the chain. */
export function attemptMs(upstream: UpstreamSettings, { facilitators, verifyAboveMicros }: Asked): number {
  const verifyMs = facilitators.reduce((sum, { verifyTimeoutMs }) => sum + verifyTimeoutMs, 0);
  return verifyMs + upstream.timeoutMs + settleMs({ facilitators, verifyAboveMicros });
}

/** The longest that settling may take. */
export function settleMs({ facilitators, verifyAboveMicros }: Asked): number {
  const longest = Math.max(...facilitators.map(({ settleTimeoutMs }) => settleTimeoutMs));
  return longest + (verifyAboveMicros === null ? 0 : CONFIRM_MS);
}
