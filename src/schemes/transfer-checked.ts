// `exact` on solana:* (scheme_exact_svm): the payer signs a whole transaction, and a facilitator signs it as fee payer and
// sends it. Everything about it is in this row: the requirements that we announce, and the check of a payload without any
// I/O. Reasons are the reference facilitator's. Only bundles whose table accepts Solana have this file.
//
// Limits. Of a wallet that is a program, the token moves inside that program's own instruction, which only a simulation
// can see: such payments are refused. How old the block is whose hash the payer chose is not known, only that a hash lasts
// for 150 blocks.

import { sha256 } from "@noble/hashes/sha2";
import { bytesToHex, hexToBytes } from "@noble/hashes/utils";
import { decodeBytes, encodeBase58, encodeBytes } from "../std/index.ts";
import { type PaymentRequirements, readPublicKey, solanaPaymentId } from "../x402/index.ts";
import { isSigned } from "./ed25519.ts";
import { type CheckInput, type Finding, malformed, type Price, requirementsOf, type Scheme } from "./scheme.ts";
import { decodeTransaction, SIGNATURE_BYTES } from "./solana-transaction.ts";
import { readTransfer, type Transfer } from "./solana-transfer.ts";
import { tokenAccountOf } from "./token-account.ts";

/** What a transaction lasts at the least, from its block's time on: nobody shall be told that there is more. */
const LIFE_SECONDS = 60;

export const transferChecked: Scheme = {
  scheme: "exact",
  family: "solana",
  assetTransferMethod: "transferChecked",
  settlerKey: "feePayer",
  requirements: (price) =>
    requirementsOf({ ...price, maxTimeoutSeconds: Math.min(price.maxTimeoutSeconds, LIFE_SECONDS) }, {}),
  prepare,
  check,
};

/** By token and payee: a table of ten thousand routes has a handful. */
const accounts = new Map<string, Uint8Array>();

/** The account to which the tokens go. */
function prepare({ token, payTo }: Price): Uint8Array {
  const { asset, tokenProgram } = token;
  const key = JSON.stringify([asset, tokenProgram, payTo]);
  const account =
    accounts.get(key) ??
    tokenAccountOf(readKey(payTo), readKey(asset), tokenProgram as NonNullable<typeof tokenProgram>);
  accounts.set(key, account);
  return account;
}

/** The table's own, which were read as keys before. */
const readKey = (text: string): Uint8Array => readPublicKey(text) as Uint8Array;

function check({ payload, requirements, token, domain }: CheckInput): Finding {
  const { transaction: text } = payload;
  const bytes = typeof text === "string" ? decodeBytes(text) : null;
  const transaction = bytes && decodeTransaction(bytes);
  if (bytes === null || transaction === null)
    return malformed("payload.transaction is no transaction of Solana in base64");
  const read = readTransfer(transaction, token.tokenProgram as NonNullable<typeof token.tokenProgram>);
  if (!read.ok) return { kind: "refused", reason: read.error };
  const { payer, mint, destination, amount, decimals } = read.value;
  // Another token was never asked for here: no ledger knows such a payment.
  if (mint !== bytesToHex(readKey(token.asset)) || decimals !== token.decimals) {
    return { kind: "refused", reason: "invalid_exact_svm_payload_mint_mismatch" };
  }
  const [, signature] = transaction.signatures as [Uint8Array, Uint8Array];
  const { message } = transaction;
  if (!isSigned(signature, message, hexToBytes(payer))) {
    return { kind: "refused", reason: "invalid_exact_svm_payload_signature_invalid" };
  }
  const isPayee = destination === bytesToHex(domain);
  const address = addressOf(payer);
  return {
    kind: "authentic",
    isProven: true,
    objection: () => objection(read.value, isPayee, requirements),
    id: solanaPaymentId(requirements.network, address, bytesToHex(sha256(message))),
    payer: address,
    amount: amount.toString(),
    // Whose account another one is cannot be seen.
    payTo: isPayee ? requirements.payTo : addressOf(destination),
    payload: { transaction: encodeBytes(withoutFirst(bytes)) },
    extensions: {},
    settler: addressOf(transaction.keys[0] as string),
    validBeforeMs: null,
  };
}

const addressOf = (key: string): string => encodeBase58(hexToBytes(key));

/** The fee payer's signature is not the payer's to write: whoever signs in its place overwrites it. */
const withoutFirst = (bytes: Uint8Array): Uint8Array => bytes.slice().fill(0, 1, 1 + SIGNATURE_BYTES);

/** Why a well signed transaction does not pay for this offer. That it has expired, only the chain can tell. */
function objection({ amount }: Transfer, isPayee: boolean, requirements: PaymentRequirements): string | null {
  if (!isPayee) return "invalid_exact_svm_payload_recipient_mismatch";
  return amount === BigInt(requirements.amount) ? null : "invalid_exact_svm_payload_amount_mismatch";
}
