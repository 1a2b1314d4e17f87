// `exact` on eip155:* with EIP-3009 (scheme_exact_evm, "AssetTransferMethod: EIP-3009"). Everything about it is in
// this row: the requirements that we announce, and the check of a payload without any I/O.

import { getAddress, type Hex, isAddress, recoverTypedDataAddress } from "viem";
import { isObject } from "../std/index.ts";
import { eip3009PaymentId, type PaymentRequirements, type Token } from "../x402/index.ts";
import type { CheckInput, Finding, Moment, Scheme } from "./scheme.ts";

const ADDRESS = /^0x[0-9a-f]{40}$/i;
const DECIMAL = /^(0|[1-9][0-9]{0,77})$/;
const NONCE = /^0x[0-9a-f]{64}$/i;
const SIGNATURE = /^0x[0-9a-f]{130}$/i;
/** Whole bytes. EIP-6492 wraps a wallet's deployment around its signature; header and JSON limits hold it in bounds. */
const BYTES = /^0x(?:[0-9a-f]{2})+$/i;
/** Half of secp256k1's order: a signature with a higher s has a twin with a lower one (EIP-2). */
const S_MAX = 0x7fffffffffffffffffffffffffffffff5d576e7357a4501ddfe92f46681b20a0n;

const types = {
  TransferWithAuthorization: [
    { name: "from", type: "address" },
    { name: "to", type: "address" },
    { name: "value", type: "uint256" },
    { name: "validAfter", type: "uint256" },
    { name: "validBefore", type: "uint256" },
    { name: "nonce", type: "bytes32" },
  ],
} as const;

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
  check,
};

/** EIP-55 form of an address, or null where it is none: wrong length, or a checksum that does not fit its case. */
export function parseAddress(text: string): string | null {
  const lower = text.toLowerCase();
  return ADDRESS.test(text) && (text === lower || isAddress(text)) ? getAddress(lower as Hex) : null;
}

async function check({ payload, requirements, token, contractWallets }: CheckInput): Promise<Finding> {
  const authorization = readAuthorization(payload["authorization"]);
  const { signature } = payload;
  if (authorization === null)
    return { kind: "malformed", detail: "payload.authorization is not an EIP-3009 authorization" };
  if (typeof signature !== "string") return { kind: "malformed", detail: "payload.signature is not a string" };
  const canonical = canonicalSignature(signature);
  const signer = canonical && (await recoverSigner(authorization, canonical, requirements.network, token));
  const isProven = signer === authorization.from;
  // An account's signature has 65 bytes and one form; what else has that length is a contract's only where a route says so.
  const mayBeContract = BYTES.test(signature) && (contractWallets || !SIGNATURE.test(signature));
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

/** The one spelling that contracts take: lower case, s in the lower half, v as 27 or 28. Null for anything else. */
function canonicalSignature(text: string): Hex | null {
  if (!SIGNATURE.test(text)) return null;
  const s = BigInt(`0x${text.slice(66, 130)}`);
  const v = Number.parseInt(text.slice(130), 16);
  const recovery = v === 27 || v === 28 ? v - 27 : v;
  if (s > S_MAX || recovery > 1) return null;
  return `${text.slice(0, 130).toLowerCase()}${(recovery + 27).toString(16)}` as Hex;
}

async function recoverSigner(
  { from, to, value, validAfter, validBefore, nonce }: Authorization,
  signature: Hex,
  network: string,
  token: Token,
): Promise<string | null> {
  try {
    return await recoverTypedDataAddress({
      types,
      primaryType: "TransferWithAuthorization",
      domain: {
        name: token.name,
        version: token.version,
        chainId: Number(network.slice("eip155:".length)),
        verifyingContract: token.asset as Hex,
      },
      message: {
        from,
        to,
        value: BigInt(value),
        validAfter: BigInt(validAfter),
        validBefore: BigInt(validBefore),
        nonce,
      },
      signature,
    });
  } catch {
    // No point on the curve has these numbers, or one does not fit into 256 bits.
    return null;
  }
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
