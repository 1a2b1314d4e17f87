// An offer's payment options, and which of them a payment means. The client's `accepted` only chooses; what is
// checked is always our own requirement (invariant: amount, asset and payee equal the offer).

import { err, ok, type Result } from "../std/index.ts";
import {
  type Accepted,
  type AssetTransferMethod,
  isSameAddress,
  type PaymentRequirements,
  type Token,
} from "../x402/index.ts";
import { eip3009 } from "./eip3009.ts";
import { permit2 } from "./permit2.ts";
import type { PaymentFlow, Price, Scheme, SchemeName } from "./scheme.ts";
import { upto } from "./upto.ts";

/** Every bundle has these. */
const USUAL: readonly Scheme[] = [eip3009, permit2, upto];

export interface Terms {
  readonly scheme: Scheme;
  readonly token: Token;
  readonly domain: Uint8Array;
  readonly requirements: PaymentRequirements;
  /** Whether a signature of an account's length may be a contract wallet's too. */
  readonly contractWallets: boolean;
  readonly flow: PaymentFlow;
}

/**
 * Null where no scheme of ours works on the network, and where it knows no such flow.
 *
 * @param others rows that not every bundle has
 */
export function buildTerms(
  price: Price,
  contractWallets: boolean,
  flow: PaymentFlow,
  others: readonly Scheme[] = [],
): Terms | null {
  const scheme = [...USUAL, ...others].find(
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

/**
 * As they are asked for, and forwarded.
 *
 * @param settler the account for which payers sign; of a scheme that names none it says nothing
 */
export const requirementsFor = ({ scheme, requirements }: Terms, settler: string | null): PaymentRequirements =>
  scheme.settlerKey === null
    ? requirements
    : { ...requirements, extra: { ...requirements.extra, [scheme.settlerKey]: settler } };

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
  const sameAsset = sameNetwork.filter(({ requirements }) => isSame(requirements, requirements.asset, accepted.asset));
  const terms = sameAsset.find((one) => isSameMethod(one, accepted));
  if (terms === undefined) return err("invalid_payment_requirements");
  const { requirements } = terms;
  const { amount, payTo } = requirements;
  const fits = (accepted.amount ?? amount) === amount && isSame(requirements, payTo, accepted.payTo);
  return ok({ terms, objection: fits ? null : "invalid_payment_requirements" });
}

/** A payment of v1 names no asset, and v1 knows no other scheme than `exact`. */
const isKnown = (scheme: SchemeName, { asset }: Accepted): boolean => asset !== undefined || scheme === "exact";

/** Where `extra` leaves it out, and in v1, which knows no other; by family. */
const DEFAULT_METHODS: { readonly [family: string]: AssetTransferMethod } = {
  eip155: "eip3009",
  solana: "transferChecked",
};

/** `upto` has but one, whatever else the family has. */
const defaultMethod = ({ scheme, family }: Scheme): AssetTransferMethod | undefined =>
  scheme === "upto" ? "permit2" : DEFAULT_METHODS[family];

/** A v1 payment names neither, and means whatever flow we announced. */
function isSameMethod({ scheme, flow }: Terms, { asset, extra }: Accepted): boolean {
  const method = extra?.["assetTransferMethod"] ?? defaultMethod(scheme);
  if (method !== scheme.assetTransferMethod) return false;
  return asset === undefined || (extra?.["paymentFlow"] ?? DEFAULT_FLOW) === flow;
}

/** An address that a v1 payment leaves out is the one that we announced. */
const isSame = ({ network }: PaymentRequirements, ours: string, theirs: string = ours): boolean =>
  isSameAddress(network, ours, theirs);
