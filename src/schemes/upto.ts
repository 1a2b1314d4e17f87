// `upto` on eip155:* (scheme_upto_evm), which Permit2 alone moves: the payer signs a maximum and who may settle it, and
// what is settled is known when it was served. Nobody but the facilitator that was signed can settle it.

import { PERMIT2_UPTO_PROXY } from "../x402/index.ts";
import { readAddress } from "./evm.ts";
import { permitScheme, readPayee } from "./permit.ts";

export const upto = permitScheme({
  scheme: "upto",
  spender: PERMIT2_UPTO_PROXY,
  settlerKey: "facilitatorAddress",
  readWitness(witness) {
    const payee = readPayee(witness);
    const facilitator = readAddress(witness["facilitator"]);
    return payee && facilitator && { ...payee, facilitator };
  },
});
