// Where Permit2 and the proxy of `exact` stand: at one address on every network (scheme_exact_evm, Annex). Both in EIP-55
// form.

/** Moves a token for whoever let it, by a signature. Owners approve it once for each token. */
export const PERMIT2_ADDRESS = "0x000000000022D473030F116dDEE9F6B43aC78BA3";

/** The only spender that a payment by `exact` names: it pays nobody but the payee that was signed. */
export const PERMIT2_EXACT_PROXY = "0x402085c248EeA27D92E8b30b2C58ed07f9E20001";
