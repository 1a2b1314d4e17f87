// `exact` on eip155:* with Permit2 (scheme_exact_evm, "AssetTransferMethod: Permit2"): the proxy moves all that is
// permitted, and whoever has the signature may ask it to.

import { PERMIT2_EXACT_PROXY } from "../x402/index.ts";
import { permitScheme, readPayee } from "./permit.ts";

export const permit2 = permitScheme({
  scheme: "exact",
  spender: PERMIT2_EXACT_PROXY,
  settlerKey: null,
  readWitness(witness) {
    const payee = readPayee(witness);
    return payee && { ...payee, facilitator: null };
  },
});
