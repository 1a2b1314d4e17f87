// Extension erc20ApprovalGasSponsoring: the payer's own transaction that approves Permit2, signed and not sent; the
// facilitator gives it gas and sends it before the payment. Its nonce and fees are the chain's to know. Reasons are the
// reference facilitator's.

import type { JsonObject } from "../std/index.ts";
import { GAS_SPONSORING_VERSION, PERMIT2_ADDRESS } from "../x402/index.ts";
import { isEnough, mismatchOf, type Needed, readAllowance, refused, type Sponsored } from "./allowance.ts";
import { chainIdOf } from "./evm.ts";
import { type CheckInput, malformed } from "./scheme.ts";
import { readTransaction } from "./signed-transaction.ts";
import { recoverAddress } from "./signer.ts";

/** `approve(address,uint256)`, as it stands before its arguments. */
const APPROVE = "0x095ea7b3";
const WORD_DIGITS = 64;

export function checkApproval(info: JsonObject, { requirements }: CheckInput, needed: Needed): Sponsored {
  const allowance = readAllowance(info);
  const { signedTransaction: text } = info;
  if (allowance === null || typeof text !== "string") {
    return malformed("the info of erc20ApprovalGasSponsoring is no approval");
  }
  const mismatch = mismatchOf(allowance, needed);
  if (mismatch !== null) return refused(`erc20_approval_${mismatch}`);
  const transaction = readTransaction(text);
  if (transaction === null) return refused("erc20_approval_tx_parse_failed");
  const { chainId, to, data, digest, signature } = transaction;
  const isThere = chainId === BigInt(chainIdOf(requirements.network)) && to === needed.token.toLowerCase();
  if (!isThere) return refused("erc20_approval_tx_wrong_target");
  if (data !== approvalOf(allowance.amount) || !isEnough(allowance, needed)) {
    return refused("erc20_approval_tx_invalid_calldata");
  }
  if (recoverAddress(digest, signature) !== needed.from.toLowerCase()) {
    return refused("erc20_approval_tx_signer_mismatch");
  }
  const signed = { ...allowance, signedTransaction: text.toLowerCase(), version: GAS_SPONSORING_VERSION };
  return {
    kind: "sponsored",
    extensions: { erc20ApprovalGasSponsoring: { info: signed } },
    objection: () => null,
  };
}

const approvalOf = (amount: string): string =>
  APPROVE + word(PERMIT2_ADDRESS.slice(2).toLowerCase()) + word(BigInt(amount).toString(16));

const word = (digits: string): string => digits.padStart(WORD_DIGITS, "0");
