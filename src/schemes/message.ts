// Sentences that payers sign (EIP-191), to prove that they are who paid.

import { hashMessage, toBytes } from "viem";
import { canonicalSignature } from "./signature.ts";
import { recoverAddress } from "./signer.ts";

/** Whether an account signed the text; a contract wallet's signature cannot be checked here. */
export function isSignedBy(address: string, text: string, signature: string): boolean {
  const canonical = canonicalSignature(signature);
  return canonical !== null && recoverAddress(toBytes(hashMessage(text)), canonical) === address.toLowerCase();
}
