// How a buyer speaks with a gate that remembers what was paid: payments in hand, keys, tokens, and signatures for what
// was not delivered.

import type { PrivateKeyAccount } from "viem";
import { encodePayment, NETWORK, type Payment } from "../support/payment.ts";
import type { World } from "./world.ts";

export interface Credit {
  /** The URL that tells the payment's state. */
  readonly payment: string;
  readonly redeem: string;
}

export const send = (
  { gate }: World,
  path: string,
  payment: Payment,
  headers: Record<string, string> = {},
): Promise<Response> => fetch(gate + path, { headers: { ...headers, "payment-signature": encodePayment(payment) } });

export const redeemWith = ({ gate }: World, path: string, voucher: string): Promise<Response> =>
  fetch(gate + path, { headers: { "faregate-redeem": voucher } });

/** Too long to be guessed. */
export const newKey = (): Record<string, string> => ({ "idempotency-key": crypto.randomUUID() });

export const idOf = ({ accepted, payload: { authorization } }: Payment): string =>
  `${NETWORK}|${accepted["asset"]}|${authorization.from}|${authorization.nonce}`.toLowerCase();

/** The payer's own word instead of the token, as the documentation spells it. */
export async function signRedemption(gate: string, id: string, account: PrivateKeyAccount): Promise<string> {
  const until = Math.floor(Date.now() / 1000) + 600;
  const message = `Deliver what I paid for at ${gate}\nPayment: ${id}\nUntil: ${until}`;
  return `${Buffer.from(id).toString("base64url")}.${until}.${await account.signMessage({ message })}`;
}

/** The same payment, accepted as one that is settled first. */
export const upfront = (payment: Payment): Payment => ({
  ...payment,
  accepted: { ...payment.accepted, extra: { ...(payment.accepted["extra"] as object), paymentFlow: "upfront" } },
});

export const stateOf = async ({ payment }: Credit): Promise<{ pay: string; delivery: string }> =>
  (await (await fetch(payment)).json()) as { pay: string; delivery: string };
