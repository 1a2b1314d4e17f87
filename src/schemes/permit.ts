// What the rows have in common that Permit2 moves for x402's proxies (scheme_exact_evm, "AssetTransferMethod: Permit2", and
// scheme_upto_evm): for any ERC-20 whose owner let Permit2 move it once, which only the chain knows. The requirements that
// we announce, and the check of a payload without any I/O. Reasons are the reference facilitator's: the specification has
// words for EIP-3009 alone.

import type { Hex } from "viem";
import { isObject, type JsonObject } from "../std/index.ts";
import { type PaymentRequirements, PERMIT2_ADDRESS, permit2PaymentId, type Token } from "../x402/index.ts";
import { hashPermit, hashPermit2Domain, type Permit } from "./eip712.ts";
import { chainIdOf, proofOf, readAddress, readDecimal } from "./evm.ts";
import {
  type CheckInput,
  type Finding,
  type Moment,
  malformed,
  type Price,
  requirementsOf,
  type Scheme,
  type SchemeName,
} from "./scheme.ts";
import { checkSponsoring } from "./sponsoring.ts";

/** What a payer signs for one of the proxies. */
export interface Proxy {
  readonly scheme: SchemeName;
  /** The proxy's own address, in EIP-55 form. */
  readonly spender: string;
  readonly settlerKey: Scheme["settlerKey"];
  /** Null where it is no witness of this scheme. */
  readonly readWitness: (witness: JsonObject) => Witness | null;
}

export interface Witness {
  readonly to: Hex;
  readonly facilitator: Hex | null;
  readonly validAfter: string;
}

export const permitScheme = (proxy: Proxy): Scheme => ({
  scheme: proxy.scheme,
  family: "eip155",
  assetTransferMethod: "permit2",
  settlerKey: proxy.settlerKey,
  requirements: (price) => requirementsOf(price, { assetTransferMethod: "permit2", ...domainOf(price.token) }),
  prepare,
  check: (input) => check(proxy, input),
});

/** The token's own, which the specification's examples name too; what is signed is Permit2's. */
const domainOf = ({ name, version }: Token): { readonly name?: string; readonly version?: string } =>
  version === "" ? {} : { name, version };

const domains = new Map<string, Uint8Array>();

function prepare({ network }: Pick<Price, "network">): Uint8Array {
  const domain = domains.get(network) ?? hashPermit2Domain(chainIdOf(network), PERMIT2_ADDRESS);
  domains.set(network, domain);
  return domain;
}

function check({ spender, readWitness }: Proxy, input: CheckInput): Finding {
  const { payload, requirements, domain, contractWallets } = input;
  const permitted = readPermitted(payload["permit2Authorization"]);
  const { signature } = payload;
  if (permitted === null) return NO_AUTHORIZATION;
  if (typeof signature !== "string") return malformed("payload.signature is not a string");
  // Another token, or whoever may take it instead of the proxy, was never asked for here: no ledger knows such a payment.
  if (permitted.spender !== spender) return { kind: "refused", reason: "invalid_permit2_spender" };
  if (permitted.token !== requirements.asset) return { kind: "refused", reason: "permit2_token_mismatch" };
  const witness = readWitness(permitted.witness);
  if (witness === null) return NO_AUTHORIZATION;
  const authorization = { ...permitted, ...witness };
  const digest = hashPermit(domain, authorization);
  if (digest === null) return malformed("a number of payload.permit2Authorization is longer than 256 bits");
  const proof = proofOf(signature, digest, authorization.from, contractWallets);
  if (proof === null) return { kind: "refused", reason: "invalid_permit2_signature" };
  const sponsoring = checkSponsoring(input, authorization);
  if (sponsoring.kind !== "sponsored") return sponsoring;
  return {
    kind: "authentic",
    isProven: proof.isProven,
    objection: (now) => objection(authorization, requirements, now) ?? sponsoring.objection(now),
    id: permit2PaymentId(requirements.network, authorization.from, authorization.nonce),
    payer: authorization.from,
    amount: authorization.amount,
    payTo: authorization.to,
    payload: { signature: proof.signature, permit2Authorization: written(authorization) },
    extensions: sponsoring.extensions,
    settler: authorization.facilitator,
    validBeforeMs: Number(authorization.deadline) * 1000,
  };
}

const NO_AUTHORIZATION = malformed("payload.permit2Authorization is not a Permit2 authorization");

interface Permitted extends Omit<Permit, keyof Witness> {
  readonly from: Hex;
  readonly witness: JsonObject;
}

function readPermitted(value: unknown): Permitted | null {
  if (!isObject(value)) return null;
  const { permitted, witness } = value;
  if (!isObject(permitted) || !isObject(witness)) return null;
  const from = readAddress(value["from"]);
  const token = readAddress(permitted["token"]);
  const spender = readAddress(value["spender"]);
  if (from === null || token === null || spender === null) return null;
  const amount = readDecimal(permitted["amount"]);
  const nonce = readDecimal(value["nonce"]);
  const deadline = readDecimal(value["deadline"]);
  if (amount === null || nonce === null || deadline === null) return null;
  return { from, token, amount, spender, nonce, deadline, witness };
}

/** What every witness names. */
export function readPayee(witness: JsonObject): Pick<Witness, "to" | "validAfter"> | null {
  const to = readAddress(witness["to"]);
  const validAfter = readDecimal(witness["validAfter"]);
  return to === null || validAfter === null ? null : { to, validAfter };
}

type Authorization = Omit<Permitted, "witness"> & Witness;

/** As it stands on the wire. */
const written = ({ from, token, amount, spender, nonce, deadline, to, facilitator, validAfter }: Authorization) => ({
  permitted: { token, amount },
  from,
  spender,
  nonce,
  deadline,
  witness: { to, ...(facilitator !== null && { facilitator }), validAfter },
});

/**
 * Why a well signed authorization does not pay for this offer now. What is permitted is the offer's amount: all of it moves
 * by `exact`, and by `upto` more was never asked for.
 */
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
