// An offer's payment options, and which of them a payment means. The client's `accepted` only chooses; what is
// checked is always our own requirement (invariant: amount, asset and payee equal the offer).

import { err, ok, type Result } from "../std/index.ts";
import type { Accepted, AssetTransferMethod, PaymentRequirements, Token } from "../x402/index.ts";
import { eip3009 } from "./eip3009.ts";
import { permit2 } from "./permit2.ts";
import type { PaymentFlow, Price, Scheme, SchemeName } from "./scheme.ts";
import { upto } from "./upto.ts";

const schemes: readonly Scheme[] = [eip3009, permit2, upto];

export interface Terms {
  readonly scheme: Scheme;
  readonly token: Token;
  readonly domain: Uint8Array;
  readonly requirements: PaymentRequirements;
  /** Whether a signature of an account's length may be a contract wallet's too. */
  readonly contractWallets: boolean;
  readonly flow: PaymentFlow;
}

/** Null where no scheme of ours works on the network, and where it knows no such flow. */
export function buildTerms(price: Price, contractWallets: boolean, flow: PaymentFlow): Terms | null {
  const scheme = schemes.find(
    ({ scheme: name, family, assetTransferMethod }) =>
      price.scheme === name &&
      price.network.startsWith(`${family}:`) &&
      price.assetTransferMethod === assetTransferMethod,
  );
  if (!scheme) return null;
  // What was used is not known before it is served.
  if (scheme.scheme === "upto" && flow === "upfront") return null;
  const requirements = inFlow(scheme.requirements(price), flow);
  const domain = scheme.prepare(price);
  return { scheme, token: price.token, domain, requirements, contractWallets, flow };
}

/** Any flow but the usual one is declared on the wire. */
function inFlow(requirements: PaymentRequirements, flow: PaymentFlow): PaymentRequirements {
  return flow === DEFAULT_FLOW
    ? requirements
    : { ...requirements, extra: { ...requirements.extra, paymentFlow: flow } };
}

const DEFAULT_FLOW: PaymentFlow = "authorization";

export interface Choice {
  readonly terms: Terms;
  /** The payment names our scheme, network and asset, but not our price or payee: it may be an older payment. */
  readonly objection: string | null;
}

/** Matches as the specification says: scheme, network, asset, payTo, amount, transfer method and payment flow. */
export function chooseTerms(offered: readonly Terms[], accepted: Accepted): Result<Choice, string> {
  const sameScheme = offered.filter(
    ({ scheme: { scheme } }) => scheme === accepted.scheme && isKnown(scheme, accepted),
  );
  if (sameScheme.length === 0) return err("invalid_scheme");
  const sameNetwork = sameScheme.filter(({ requirements }) => requirements.network === accepted.network);
  if (sameNetwork.length === 0) return err("invalid_network");
  const sameAsset = sameNetwork.filter(({ requirements }) => isSame(requirements.asset, accepted.asset));
  const terms = sameAsset.find((one) => isSameMethod(one, accepted));
  if (terms === undefined) return err("invalid_payment_requirements");
  const { amount, payTo } = terms.requirements;
  const fits = (accepted.amount ?? amount) === amount && isSame(payTo, accepted.payTo);
  return ok({ terms, objection: fits ? null : "invalid_payment_requirements" });
}

/** A payment of v1 names no asset, and v1 knows no other scheme than `exact`. */
const isKnown = (scheme: SchemeName, { asset }: Accepted): boolean => asset !== undefined || scheme === "exact";

/** Where `extra` leaves it out; of `exact` v1 knows no other, and `upto` has no other. */
const DEFAULT_METHODS: { readonly [scheme in SchemeName]: AssetTransferMethod } = { exact: "eip3009", upto: "permit2" };

/** A v1 payment names neither, and means whatever flow we announced. */
function isSameMethod({ scheme, flow }: Terms, { asset, extra }: Accepted): boolean {
  const method = extra?.["assetTransferMethod"] ?? DEFAULT_METHODS[scheme.scheme];
  if (method !== scheme.assetTransferMethod) return false;
  return asset === undefined || (extra?.["paymentFlow"] ?? DEFAULT_FLOW) === flow;
}

/** Addresses compare without letter case; one that a v1 payment leaves out is the one that we announced. */
const isSame = (ours: string, theirs: string = ours): boolean => ours.toLowerCase() === theirs.toLowerCase();
