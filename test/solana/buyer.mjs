// How a buyer pays by hand: what the official client signs for a price, changed as a test wants it, and sent.

import { decodePaymentRequiredHeader } from "@x402/core/http";
import { ExactSvmSchemeV1 } from "@x402/svm/exact/v1/client";

const encode = (payment) => Buffer.from(JSON.stringify(payment)).toString("base64");

export async function challengeOf(world, path) {
  const response = await fetch(world.gate + path);
  const header = response.headers.get("payment-required");
  return { required: decodePaymentRequiredHeader(header), body: await response.json() };
}

/** @param changes of what is signed; what is said to be accepted stays what was offered */
export async function sign(world, path, { payer = world.chain.payer, ...changes } = {}) {
  const { required } = await challengeOf(world, path);
  const [accepted] = required.accepts;
  const asked = { ...required, accepts: [{ ...accepted, ...changes }] };
  const payment = await world.clientOf(payer).createPaymentPayload(asked);
  return { ...payment, accepted };
}

export const send = (world, path, payment, headers = {}) =>
  fetch(world.gate + path, { headers: { ...headers, "payment-signature": encode(payment) } });

export async function signV1(world, path) {
  const { body } = await challengeOf(world, path);
  const scheme = new ExactSvmSchemeV1(world.chain.payer, { rpcUrl: world.chain.rpc.url });
  return scheme.createPaymentPayload(1, body.accepts[0]);
}

export const sendV1 = (world, path, payment) => fetch(world.gate + path, { headers: { "x-payment": encode(payment) } });

/** Too long to be guessed. */
export const newKey = () => ({ "idempotency-key": crypto.randomUUID() });

/** The same message, with other bytes where its fee payer has not signed yet. */
export function respell(payment, byte) {
  const wire = Buffer.from(payment.payload.transaction, "base64").fill(byte, 1, 65);
  return { ...payment, payload: { transaction: wire.toString("base64") } };
}
