// The identity of a payment is the scope in which the chain keeps its nonce unique. Never the header's hash or the
// signature: both can be written in many ways for one authorization.

declare const paymentId: unique symbol;
export type PaymentId = string & { readonly [paymentId]: true };

/** For EIP-3009, where a token keeps one nonce per payer. Letter case does not tell payments apart. */
export function eip3009PaymentId(network: string, asset: string, payer: string, nonce: string): PaymentId {
  return `${network}|${asset}|${payer}|${nonce}`.toLowerCase() as PaymentId;
}

/** What an id names, in lower case: of Permit2 `asset` is the word `permit2`. */
export function partsOf(id: string): Readonly<Record<"network" | "asset" | "payer" | "nonce", string>> {
  const [network, asset, payer, nonce] = id.split("|") as [string, string, string, string];
  return { network, asset, payer, nonce };
}

export const isPaymentId = (text: string): boolean => /^[!-{}~]+(?:\|[!-{}~]+){3}$/.test(text);
