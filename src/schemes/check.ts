// PaymentPayload to CheckedPayment, without I/O: the brand is minted here and nowhere else, so nothing that was not
// checked can be claimed.

import type { JsonObject } from "../std/index.ts";
import {
  echoedOf,
  type GasSponsoring,
  type PaymentId,
  type PaymentPayload,
  type PaymentRequirements,
  type PresentedPayment,
  type X402Version,
} from "../x402/index.ts";
import { type Finding, type Moment, type PaymentFlow, type SchemeName, UNDATED_MS } from "./scheme.ts";
import { chooseTerms, requirementsFor, type Terms } from "./terms.ts";

declare const checked: unique symbol;

/** A payment as its payer signed it, whether or not it pays for this offer. */
export interface SignedPayment {
  readonly id: PaymentId;
  readonly scheme: SchemeName;
  readonly payer: string;
  readonly network: string;
  readonly asset: string;
  /** Atomic units, as signed; by `upto` the most that can be asked. */
  readonly amount: string;
  readonly payTo: string;
  /** False where only the facilitator can tell whether the payer signed: nothing of the payer's is touched before. */
  readonly isProven: boolean;
}

interface OfferedPayment extends SignedPayment {
  readonly requirements: PaymentRequirements;
  /** Rebuilt from the fields that we know: this, and nothing else of the client's, goes to the facilitator. */
  readonly paymentPayload: PaymentPayload;
  readonly validBeforeMs: number;
  /** The facilitator's account that alone can settle it, on Solana as the one that pays the gas; null where any may. */
  readonly settler: string | null;
  readonly flow: PaymentFlow;
  /** Of the token that is paid with. */
  readonly decimals: number;
  /** Of the envelope that the payment came in: the receipt goes back in the same. */
  readonly x402Version: X402Version;
}

/** A payment that pays for this offer, as far as it can be known without asking anybody. */
export type CheckedPayment = OfferedPayment & { readonly [checked]: true };

export type Check =
  | { readonly kind: "authentic"; readonly payment: SignedPayment; readonly judge: (now: Moment) => Judgement }
  | { readonly kind: "refused"; readonly reason: string }
  | { readonly kind: "malformed"; readonly detail: string };

/** Of a well signed payment, at one moment. */
export type Judgement =
  | { readonly kind: "valid"; readonly payment: CheckedPayment }
  /** Late or off the price: only the ledger knows whether it is an earlier payment. */
  | { readonly kind: "stale"; readonly reason: string };

/** What is paid for. */
export interface Resource {
  /** As the client sees it. */
  readonly url: string;
  /** The extensions of its challenge, by name. */
  readonly advertised: JsonObject;
  /** Names of those that are taken when the client signed something for them. */
  readonly sponsoring: readonly GasSponsoring[];
}

/** Who signed, and what. Whether it pays is judged when it is to be claimed: until then time passes. */
export function checkPayment(offered: readonly Terms[], presented: PresentedPayment, resource: Resource): Check {
  const choice = chooseTerms(offered, presented.accepted);
  if (!choice.ok) return { kind: "refused", reason: choice.error };
  const { terms, objection } = choice.value;
  const { payload, extensions = {} } = presented;
  const taken = Object.fromEntries(resource.sponsoring.map((name) => [name, extensions[name]]));
  const finding = terms.scheme.check({ payload, extensions: taken, ...terms });
  if (finding.kind !== "authentic") return finding;
  const judge = (now: Moment): Judgement => {
    const reason = objection ?? finding.objection(now);
    return reason === null
      ? { kind: "valid", payment: mint(finding, terms, presented, resource, now) }
      : { kind: "stale", reason };
  };
  return { kind: "authentic", payment: signed(finding, terms), judge };
}

type Authentic = Extract<Finding, { kind: "authentic" }>;

const signed = ({ id, payer, amount, payTo, isProven }: Authentic, { scheme, requirements }: Terms): SignedPayment => ({
  id,
  scheme: scheme.scheme,
  payer,
  network: requirements.network,
  asset: requirements.asset,
  amount,
  payTo,
  isProven,
});

function mint(
  finding: Authentic,
  terms: Terms,
  { x402Version, extensions = {} }: PresentedPayment,
  { url, advertised }: Resource,
  now: Moment,
): CheckedPayment {
  const { settler } = finding;
  const requirements = requirementsFor(terms, settler);
  const known = { ...echoedOf(advertised, extensions), ...finding.extensions };
  const payment: OfferedPayment = {
    ...signed(finding, terms),
    requirements,
    paymentPayload: {
      x402Version: 2,
      resource: { url },
      accepted: requirements,
      ...(Object.keys(known).length > 0 && { extensions: known }),
      payload: finding.payload,
    },
    validBeforeMs: finding.validBeforeMs ?? now.unixSeconds * 1000 + UNDATED_MS,
    settler,
    flow: terms.flow,
    decimals: terms.token.decimals,
    x402Version,
  };
  return payment as CheckedPayment;
}
