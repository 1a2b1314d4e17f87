// `exact` on eip155:* with EIP-3009 (scheme_exact_evm, "AssetTransferMethod: EIP-3009"). Everything about it is in
// this row: the requirements that we announce, and the check of a payload without any I/O.

import { getAddress, type Hex, isAddress } from "viem";
import { isObject } from "../std/index.ts";
import { eip3009PaymentId, type PaymentRequirements } from "../x402/index.ts";
import { hashTransfer } from "./eip712.ts";
import { proofOf, readAddress, readDecimal } from "./evm.ts";
import { type CheckInput, type Finding, type Moment, malformed, requirementsOf, type Scheme } from "./scheme.ts";
import { tokenDomain } from "./token-domain.ts";

const NONCE = /^0x[0-9a-f]{64}$/i;

interface Authorization {
  readonly from: Hex;
  readonly to: Hex;
  readonly value: string;
  readonly validAfter: string;
  readonly validBefore: string;
  readonly nonce: Hex;
}

export const eip3009: Scheme = {
  scheme: "exact",
  family: "eip155",
  assetTransferMethod: "eip3009",
  settlerKey: null,
  requirements: (price) => requirementsOf(price, { name: price.token.name, version: price.token.version }),
  prepare: ({ network, token }) => tokenDomain(network, token),
  check,
};

/** EIP-55 form of an address, or null where it is none: wrong length, or a checksum that does not fit its case. */
export function parseAddress(text: string): string | null {
  return isAddress(text) ? getAddress(text) : null;
}

function check({ payload, requirements, token, domain, contractWallets }: CheckInput): Finding {
  const authorization = readAuthorization(payload["authorization"]);
  const { signature } = payload;
  if (authorization === null) return malformed("payload.authorization is not an EIP-3009 authorization");
  if (typeof signature !== "string") return malformed("payload.signature is not a string");
  const digest = hashTransfer(domain, authorization);
  if (digest === null) return malformed("a number of payload.authorization is longer than 256 bits");
  const proof = proofOf(signature, digest, authorization.from, contractWallets);
  if (proof === null) return { kind: "refused", reason: "invalid_exact_evm_payload_signature" };
  return {
    kind: "authentic",
    isProven: proof.isProven,
    objection: (now) => objection(authorization, requirements, now),
    id: eip3009PaymentId(requirements.network, token.asset, authorization.from, authorization.nonce),
    payer: authorization.from,
    amount: authorization.value,
    payTo: authorization.to,
    payload: { signature: proof.signature, authorization },
    extensions: {},
    settler: null,
    validBeforeMs: Number(authorization.validBefore) * 1000,
  };
}

function readAuthorization(value: unknown): Authorization | null {
  if (!isObject(value)) return null;
  const from = readAddress(value["from"]);
  const to = readAddress(value["to"]);
  const amount = readDecimal(value["value"]);
  const validAfter = readDecimal(value["validAfter"]);
  const validBefore = readDecimal(value["validBefore"]);
  const { nonce } = value;
  if (from === null || to === null || amount === null || validAfter === null || validBefore === null) return null;
  if (typeof nonce !== "string" || !NONCE.test(nonce)) return null;
  return { from, to, value: amount, validAfter, validBefore, nonce: nonce.toLowerCase() as Hex };
}

/** Why a well signed authorization does not pay for this offer now, in the specification's words (section 9). */
function objection(
  authorization: Authorization,
  requirements: PaymentRequirements,
  { unixSeconds, roomSeconds }: Moment,
): string | null {
  if (authorization.to !== requirements.payTo) return "invalid_exact_evm_payload_recipient_mismatch";
  if (authorization.value !== requirements.amount) return "invalid_exact_evm_payload_authorization_value_mismatch";
  if (BigInt(authorization.validAfter) > BigInt(unixSeconds)) {
    return "invalid_exact_evm_payload_authorization_valid_after";
  }
  if (BigInt(authorization.validBefore) < BigInt(unixSeconds + roomSeconds)) {
    return "invalid_exact_evm_payload_authorization_valid_before";
  }
  return null;
}
