// `exact` on eip155:* with Permit2 (scheme_exact_evm, "AssetTransferMethod: Permit2"): for any ERC-20 whose owner let
// Permit2 move it once, which only the chain knows. Everything else about it is in this row: the requirements that we
// announce, and the check of a payload without any I/O. Reasons are the reference facilitator's: the specification has
// words for EIP-3009 alone.

import type { Hex } from "viem";
import { isObject } from "../std/index.ts";
import {
  type PaymentRequirements,
  PERMIT2_ADDRESS,
  PERMIT2_EXACT_PROXY,
  permit2PaymentId,
  type Token,
} from "../x402/index.ts";
import { hashPermit, hashPermit2Domain, type Permit } from "./eip712.ts";
import { chainIdOf, exactRequirements, malformed, proofOf, readAddress, readDecimal } from "./exact.ts";
import type { CheckInput, Finding, Moment, Price, Scheme } from "./scheme.ts";

interface Authorization extends Permit {
  readonly from: Hex;
}

export const permit2: Scheme = {
  scheme: "exact",
  family: "eip155",
  assetTransferMethod: "permit2",
  isSponsored: false,
  requirements: (price) => exactRequirements(price, { assetTransferMethod: "permit2", ...domainOf(price.token) }),
  prepare,
  check,
};

/** The token's own, which the specification's example names too; what is signed is Permit2's. */
const domainOf = ({ name, version }: Token): { readonly name?: string; readonly version?: string } =>
  version === "" ? {} : { name, version };

const domains = new Map<string, Uint8Array>();

function prepare({ network }: Pick<Price, "network">): Uint8Array {
  const domain = domains.get(network) ?? hashPermit2Domain(chainIdOf(network), PERMIT2_ADDRESS);
  domains.set(network, domain);
  return domain;
}

function check({ payload, requirements, domain, contractWallets }: CheckInput): Finding {
  const authorization = readAuthorization(payload["permit2Authorization"]);
  const { signature } = payload;
  if (authorization === null) return malformed("payload.permit2Authorization is not a Permit2 authorization");
  if (typeof signature !== "string") return malformed("payload.signature is not a string");
  const digest = hashPermit(domain, authorization);
  if (digest === null) return malformed("a number of payload.permit2Authorization is longer than 256 bits");
  // Another token, or whoever may take it instead of the proxy, was never asked for here: no ledger knows such a payment.
  if (authorization.spender !== PERMIT2_EXACT_PROXY) return { kind: "refused", reason: "invalid_permit2_spender" };
  if (authorization.token !== requirements.asset) return { kind: "refused", reason: "permit2_token_mismatch" };
  const proof = proofOf(signature, digest, authorization.from, contractWallets);
  if (proof === null) return { kind: "refused", reason: "invalid_permit2_signature" };
  return {
    kind: "authentic",
    isProven: proof.isProven,
    objection: (now) => objection(authorization, requirements, now),
    id: permit2PaymentId(requirements.network, authorization.from, authorization.nonce),
    payer: authorization.from,
    amount: authorization.amount,
    payTo: authorization.to,
    payload: { signature: proof.signature, permit2Authorization: written(authorization) },
    feePayer: null,
    validBeforeMs: Number(authorization.deadline) * 1000,
  };
}

function readAuthorization(value: unknown): Authorization | null {
  if (!isObject(value)) return null;
  const { permitted, witness } = value;
  if (!isObject(permitted) || !isObject(witness)) return null;
  const from = readAddress(value["from"]);
  const token = readAddress(permitted["token"]);
  const spender = readAddress(value["spender"]);
  const to = readAddress(witness["to"]);
  if (from === null || token === null || spender === null || to === null) return null;
  const amount = readDecimal(permitted["amount"]);
  const nonce = readDecimal(value["nonce"]);
  const deadline = readDecimal(value["deadline"]);
  const validAfter = readDecimal(witness["validAfter"]);
  if (amount === null || nonce === null || deadline === null || validAfter === null) return null;
  return { from, token, amount, spender, nonce, deadline, to, validAfter };
}

/** As it stands on the wire. */
const written = ({ from, token, amount, spender, nonce, deadline, to, validAfter }: Authorization) => ({
  permitted: { token, amount },
  from,
  spender,
  nonce,
  deadline,
  witness: { to, validAfter },
});

/** Why a well signed authorization does not pay for this offer now. The proxy moves all that is permitted, so it is exact. */
function objection(
  { to, amount, validAfter, deadline }: Authorization,
  requirements: PaymentRequirements,
  { unixSeconds, roomSeconds }: Moment,
): string | null {
  if (to !== requirements.payTo) return "invalid_permit2_recipient_mismatch";
  if (amount !== requirements.amount) return "permit2_amount_mismatch";
  if (BigInt(validAfter) > BigInt(unixSeconds)) return "permit2_not_yet_valid";
  if (BigInt(deadline) < BigInt(unixSeconds + roomSeconds)) return "permit2_deadline_expired";
  return null;
}
