// What a transaction of `exact` on Solana does (scheme_exact_svm, section 3.1): two words about its compute budget, one
// TransferChecked, and up to four instructions of programs that change nothing of it. Other programs may do anything, a
// durable nonce among it, with which a transaction would live for ever. Reasons are the reference facilitator's.

import { err, ok, type Result } from "../std/index.ts";
import type { TokenProgram } from "../x402/index.ts";
import type { Instruction, Transaction } from "./solana-transaction.ts";

/** Addresses of programs, 32 bytes in hexadecimal; a test holds them to their names in base58. */
export const TOKEN_PROGRAMS: { readonly [name in TokenProgram]: string } = {
  "spl-token": "06ddf6e1d765a193d9cbe146ceeb79ac1cb485ed5f5b37913a8cf5857eff00a9",
  "token-2022": "06ddf6e1ee758fde18425dbce46ccddab61afc4d83b90d27febdf928d8a18bfc",
};
export const COMPUTE_BUDGET = "0306466fe5211732ffecadba72c39be7bc8ce5bbc5f7126b2c439b3a40000000";
export const MEMO = "054a535a992921064d24e87160da387c7c35b5ddbc92bb81e41fa8404105448d";
/** Wallets have it assert what their users were shown. */
export const LIGHTHOUSE = "04dfad7962ffb1dd925d0a9fb5e6d00ce6195ba8bb3a91fd07ef9860c5e97bb8";

/** First bytes of instructions. */
const SET_COMPUTE_UNIT_LIMIT = 2;
const SET_COMPUTE_UNIT_PRICE = 3;
const TRANSFER_CHECKED = 12;

/** Five lamports for a compute unit, in millionths. */
const UNIT_PRICE_MAX = 5_000_000n;
const INSTRUCTIONS_MIN = 3;
const INSTRUCTIONS_MAX = 7;
const ORDINALS = ["fourth", "fifth", "sixth", "seventh"];

export interface Transfer {
  /** 32 bytes in hexadecimal, as the others. */
  readonly payer: string;
  readonly mint: string;
  readonly destination: string;
  /** Atomic units. */
  readonly amount: bigint;
  readonly decimals: number;
}

/** The one transfer of a transaction that does nothing else; or why it is none, in a word of x402's. */
export function readTransfer(transaction: Transaction, tokenProgram: TokenProgram): Result<Transfer, string> {
  const { keys, instructions, hasLookups, signatures } = transaction;
  // Accounts that a table holds cannot be seen here.
  if (hasLookups) return err("invalid_exact_svm_smart_wallet_alt_resolution_not_available");
  if (instructions.length < INSTRUCTIONS_MIN || instructions.length > INSTRUCTIONS_MAX) {
    return err("invalid_exact_svm_payload_transaction_instructions_length");
  }
  const [limit, price, transfer, ...others] = instructions as [Instruction, Instruction, Instruction, ...Instruction[]];
  const flaw = budgetFlaw(transaction, limit, price) ?? otherFlaw(transaction, others);
  if (flaw !== null) return err(flaw);
  const isOfToken = keys[transfer.program] === TOKEN_PROGRAMS[tokenProgram];
  const read = isOfToken ? readChecked(transfer, keys) : null;
  if (read === null) return err("invalid_exact_svm_payload_no_transfer_instruction");
  if (read.payer === keys[0]) return err("invalid_exact_svm_payload_transaction_fee_payer_transferring_funds");
  // Whoever pays the gas signs for nothing else.
  if (instructions.some(({ accounts }) => accounts.includes(0))) {
    return err("invalid_exact_svm_smart_wallet_fee_payer_not_isolated");
  }
  // The payer is the other signer, and there is no third.
  if (signatures.length > 2) return err("invalid_exact_svm_payload_excessive_signers");
  return read.payer === keys[1] && signatures.length === 2
    ? ok(read)
    : err("invalid_exact_svm_payload_signature_invalid");
}

function budgetFlaw({ keys }: Transaction, limit: Instruction, price: Instruction): string | null {
  const reason = "invalid_exact_svm_payload_transaction_instructions_compute";
  const isBudget = ({ program, data }: Instruction, first: number, length: number): boolean =>
    keys[program] === COMPUTE_BUDGET && data[0] === first && data.length === length;
  if (!isBudget(limit, SET_COMPUTE_UNIT_LIMIT, 5)) return `${reason}_limit_instruction`;
  if (!isBudget(price, SET_COMPUTE_UNIT_PRICE, 9)) return `${reason}_price_instruction`;
  return readU64(price.data) > UNIT_PRICE_MAX ? `${reason}_price_instruction_too_high` : null;
}

function otherFlaw({ keys }: Transaction, others: readonly Instruction[]): string | null {
  const unknown = others.findIndex(({ program }) => ![MEMO, LIGHTHOUSE].includes(keys[program] as string));
  return unknown < 0 ? null : `invalid_exact_svm_payload_unknown_${ORDINALS[unknown]}_instruction`;
}

/** Source, mint, destination and authority, and no account more: a hook of the mint's could do anything with them. */
function readChecked({ accounts, data }: Instruction, keys: readonly string[]): Transfer | null {
  if (accounts.length !== 4 || data.length !== 10 || data[0] !== TRANSFER_CHECKED) return null;
  const [source, mint, destination, payer] = accounts.map((account) => keys[account]) as [
    string,
    string,
    string,
    string,
  ];
  // From an account to itself nothing moves.
  if (source === destination) return null;
  return { payer, mint, destination, amount: readU64(data), decimals: data[9] as number };
}

/** Eight bytes behind the first, the lowest first. */
const readU64 = (data: Uint8Array): bigint =>
  new DataView(data.buffer, data.byteOffset, data.byteLength).getBigUint64(1, true);
