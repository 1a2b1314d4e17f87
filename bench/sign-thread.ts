// A thread that signs: see payments.ts.

import { parentPort, workerData } from "node:worker_threads";
import { newAccount, signPayment, unixNow } from "../test/support/payment.ts";
import { AMOUNT, type Signed, type SignOrder } from "./payments.ts";

const { count, keys } = workerData as SignOrder;
const accounts = keys.map((key) => newAccount(key));
/** Longer than any run that pays with them. */
const VALID_SECONDS = 6 * 3600;

const signed: Signed[] = [];
for (let i = 0; i < count; i += 1) {
  const validBefore = String(unixNow() + VALID_SECONDS);
  const { payload } = await signPayment(AMOUNT, { validBefore }, accounts[i % accounts.length]);
  signed.push(payload);
}
parentPort?.postMessage(signed);
