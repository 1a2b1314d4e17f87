// Extension eip2612GasSponsoring: a permit of the token's own (EIP-2612), which the facilitator sends with the payment. Its
// nonce is the chain's to know, and passed on as it is. Reasons are the reference facilitator's.

import type { JsonObject } from "../std/index.ts";
import { GAS_SPONSORING_VERSION } from "../x402/index.ts";
import {
  type Allowance,
  isEnough,
  mismatchOf,
  type Needed,
  readAllowance,
  refused,
  type Sponsored,
} from "./allowance.ts";
import { hashAllowance } from "./eip712.ts";
import { readDecimal } from "./evm.ts";
import { type CheckInput, malformed } from "./scheme.ts";
import { canonicalSignature, isAccountLong } from "./signature.ts";
import { recoverAddress } from "./signer.ts";
import { tokenDomain } from "./token-domain.ts";

interface Permit extends Allowance {
  /** Decimal, as the deadline in seconds. */
  readonly nonce: string;
  readonly deadline: string;
  readonly signature: string;
}

export function checkPermit(info: JsonObject, input: CheckInput, needed: Needed): Sponsored {
  const permit = readPermit(info);
  const digest = permit && digestOf(permit, input);
  if (permit === null || digest === null) return malformed("the info of eip2612GasSponsoring is no permit");
  const mismatch = mismatchOf(permit, needed);
  if (mismatch !== null) return refused(`eip2612_${mismatch}`);
  if (!isEnough(permit, needed)) return refused("permit2_2612_amount_mismatch");
  const signature = signatureOf(permit, digest, input);
  if (signature === null) return refused("invalid_eip2612_signature");
  return {
    kind: "sponsored",
    extensions: { eip2612GasSponsoring: { info: { ...permit, signature, version: GAS_SPONSORING_VERSION } } },
    objection: ({ unixSeconds, roomSeconds }) =>
      BigInt(permit.deadline) < BigInt(unixSeconds + roomSeconds) ? "eip2612_deadline_expired" : null,
  };
}

function readPermit(info: JsonObject): Permit | null {
  const allowance = readAllowance(info);
  const nonce = readDecimal(info["nonce"]);
  const deadline = readDecimal(info["deadline"]);
  const { signature } = info;
  if (allowance === null || nonce === null || deadline === null || typeof signature !== "string") return null;
  return { ...allowance, nonce, deadline, signature };
}

/** Null where a number does not fit. */
const digestOf = (
  { from, spender, amount, nonce, deadline }: Permit,
  { requirements, token }: CheckInput,
): Uint8Array | null =>
  hashAllowance(tokenDomain(requirements.network, token), { owner: from, spender, value: amount, nonce, deadline });

/** In its one spelling; null where the payer did not sign. */
function signatureOf(
  { signature, from }: Permit,
  digest: Uint8Array,
  { token, contractWallets }: CheckInput,
): string | null {
  const canonical = canonicalSignature(signature);
  // In which domain a token without a version is signed for, nobody told us.
  if (canonical !== null && (token.version === "" || recoverAddress(digest, canonical) === from.toLowerCase())) {
    return canonical;
  }
  // The proxy takes v, r and s: a contract's signature, where it may be one, is as long as an account's.
  return contractWallets && isAccountLong(signature) ? signature.toLowerCase() : null;
}
