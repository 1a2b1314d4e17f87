// Where Permit2 and x402's proxies stand: at one address on every network (scheme_exact_evm and scheme_upto_evm, Annex). All
// in EIP-55 form.

/** Moves a token for whoever let it, by a signature. Owners approve it once for each token. */
export const PERMIT2_ADDRESS = "0x000000000022D473030F116dDEE9F6B43aC78BA3";

/** The only spender that a payment by `exact` names: it pays nobody but the payee that was signed. */
export const PERMIT2_EXACT_PROXY = "0x402085c248EeA27D92E8b30b2C58ed07f9E20001";

/** The only one of `upto`: it takes less than was signed too, and listens to nobody but the facilitator that was signed. */
export const PERMIT2_UPTO_PROXY = "0x4020A4f3b7b90ccA423B9fabCc0CE57C6C240002";
