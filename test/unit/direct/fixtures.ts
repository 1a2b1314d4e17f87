// What the tests of the direct settlement share: one order, an account, an outbox's wishes.

import { facilitatorBodyOf } from "../../support/direct.ts";
import { type Authorization, type Payment, signPayment } from "../../support/payment.ts";

export { facilitatorBodyOf };

export const KEY = "0xac0974bec39a17e36ba4a6b4d238ff944bacb478cbed5efcae784d7bf4f2ff80";
export const GWEI = 1_000_000_000n;

/** A body that pays, of which a test changes what it will. */
export async function bodyOf(changes: Partial<Authorization> = {}): Promise<{ payment: Payment; body: string }> {
  const payment = await signPayment("10000", changes);
  return { payment, body: facilitatorBodyOf(payment) };
}
