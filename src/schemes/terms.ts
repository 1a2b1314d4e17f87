// An offer's payment options, and which of them a payment means. The client's `accepted` only chooses; what is
// checked is always our own requirement (invariant: amount, asset and payee equal the offer).

import { err, ok, type Result } from "../std/index.ts";
import type { Accepted, PaymentRequirements, Token } from "../x402/index.ts";
import { eip3009 } from "./eip3009.ts";
import type { Price, Scheme } from "./scheme.ts";

const schemes: readonly Scheme[] = [eip3009];

export interface Terms {
  readonly scheme: Scheme;
  readonly token: Token;
  readonly requirements: PaymentRequirements;
  /** Whether a signature of an account's length may be a contract wallet's too. */
  readonly contractWallets: boolean;
}

/** Null where no scheme of ours works on the network. */
export function buildTerms(price: Price, contractWallets: boolean): Terms | null {
  const scheme = schemes.find(({ family }) => price.network.startsWith(`${family}:`));
  return scheme ? { scheme, token: price.token, requirements: scheme.requirements(price), contractWallets } : null;
}

export interface Choice {
  readonly terms: Terms;
  /** The payment names our scheme, network and asset, but not our price or payee: it may be an older payment. */
  readonly objection: string | null;
}

/** Matches as the specification says: scheme, network, asset, payTo, amount, transfer method and payment flow. */
export function chooseTerms(offered: readonly Terms[], accepted: Accepted): Result<Choice, string> {
  const sameScheme = offered.filter(({ requirements }) => requirements.scheme === accepted.scheme);
  if (sameScheme.length === 0) return err("invalid_scheme");
  const sameNetwork = sameScheme.filter(({ requirements }) => requirements.network === accepted.network);
  if (sameNetwork.length === 0) return err("invalid_network");
  const [terms] = sameNetwork.filter(({ requirements }) => isSame(requirements.asset, accepted.asset));
  if (terms === undefined || !isSameMethod(terms, accepted)) return err("invalid_payment_requirements");
  const { amount, payTo } = terms.requirements;
  const fits = (accepted.amount ?? amount) === amount && isSame(payTo, accepted.payTo);
  return ok({ terms, objection: fits ? null : "invalid_payment_requirements" });
}

function isSameMethod({ scheme }: Terms, { extra }: Accepted): boolean {
  const method = extra?.["assetTransferMethod"] ?? scheme.assetTransferMethod;
  const flow = extra?.["paymentFlow"] ?? "authorization";
  return method === scheme.assetTransferMethod && flow === "authorization";
}

/** Addresses compare without letter case; one that a v1 payment leaves out is the one that we announced. */
const isSame = (ours: string, theirs: string = ours): boolean => ours.toLowerCase() === theirs.toLowerCase();
