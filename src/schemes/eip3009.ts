// `exact` on eip155:* with EIP-3009 (scheme_exact_evm, "AssetTransferMethod: EIP-3009"). Everything about it is in
// this row: the requirements that we announce, and the check of a payload without any I/O.

import { getAddress, type Hex, isAddress } from "viem";
import { isObject } from "../std/index.ts";
import { eip3009PaymentId, type PaymentRequirements } from "../x402/index.ts";
import { hashDomain, hashTransfer } from "./eip712.ts";
import type { CheckInput, Finding, Moment, Price, Scheme } from "./scheme.ts";
import { canonicalSignature, isAccountLong } from "./signature.ts";
import { recoverAddress } from "./signer.ts";

const ADDRESS = /^0x[0-9a-f]{40}$/i;
const DECIMAL = /^(0|[1-9][0-9]{0,77})$/;
const NONCE = /^0x[0-9a-f]{64}$/i;
/** Whole bytes. EIP-6492 wraps a wallet's deployment around its signature; header and JSON limits hold it in bounds. */
const BYTES = /^0x(?:[0-9a-f]{2})+$/i;

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
  requirements: ({ network, token, amount, payTo, maxTimeoutSeconds }) => ({
    scheme: "exact",
    network,
    amount: amount.toString(),
    asset: token.asset,
    payTo,
    maxTimeoutSeconds,
    extra: { name: token.name, version: token.version },
  }),
  prepare,
  check,
};

/** By network and asset: a table of ten thousand routes has a handful. */
const domains = new Map<string, Uint8Array>();

function prepare({ network, token }: Pick<Price, "network" | "token">): Uint8Array {
  const { name, version, asset } = token;
  const key = JSON.stringify([network, asset, name, version]);
  const chainId = Number(network.slice("eip155:".length));
  const domain = domains.get(key) ?? hashDomain({ name, version, chainId, asset });
  domains.set(key, domain);
  return domain;
}

/** EIP-55 form of an address, or null where it is none: wrong length, or a checksum that does not fit its case. */
export function parseAddress(text: string): string | null {
  return isAddress(text) ? getAddress(text) : null;
}

function check({ payload, requirements, token, domain, contractWallets }: CheckInput): Finding {
  const authorization = readAuthorization(payload["authorization"]);
  const { signature } = payload;
  if (authorization === null)
    return { kind: "malformed", detail: "payload.authorization is not an EIP-3009 authorization" };
  if (typeof signature !== "string") return { kind: "malformed", detail: "payload.signature is not a string" };
  const canonical = canonicalSignature(signature);
  const digest = canonical && hashTransfer(domain, authorization);
  const isProven =
    canonical !== null && digest !== null && recoverAddress(digest, canonical) === authorization.from.toLowerCase();
  // An account's signature has 65 bytes and one form; what else has that length is a contract's only where a route says so.
  const mayBeContract = BYTES.test(signature) && (contractWallets || !isAccountLong(signature));
  if (!isProven && !mayBeContract) return { kind: "refused", reason: "invalid_exact_evm_payload_signature" };
  return {
    kind: "authentic",
    isProven,
    objection: (now) => objection(authorization, requirements, now),
    id: eip3009PaymentId(requirements.network, token.asset, authorization.from, authorization.nonce),
    payer: authorization.from,
    amount: authorization.value,
    payTo: authorization.to,
    payload: { signature: isProven ? canonical : signature.toLowerCase(), authorization },
    validBeforeMs: Number(authorization.validBefore) * 1000,
  };
}

function readAuthorization(value: unknown): Authorization | null {
  if (!isObject(value)) return null;
  const { from, to, value: amount, validAfter, validBefore, nonce } = value;
  if (![from, to].every((text) => typeof text === "string" && ADDRESS.test(text))) return null;
  if (![amount, validAfter, validBefore].every((text) => typeof text === "string" && DECIMAL.test(text))) return null;
  if (typeof nonce !== "string" || !NONCE.test(nonce)) return null;
  return {
    from: getAddress((from as string).toLowerCase() as Hex),
    to: getAddress((to as string).toLowerCase() as Hex),
    value: amount as string,
    validAfter: validAfter as string,
    validBefore: validBefore as string,
    nonce: nonce.toLowerCase() as Hex,
  };
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
