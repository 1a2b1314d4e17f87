// One authorization in its many spellings: the envelopes of both versions, the key as a header or as an extension.

import type { Errand } from "./facts.ts";
import type { Random } from "./random.ts";
import { COINS, type Coin, NETWORK, PAY_TO } from "./table.ts";
import { payloadOf, type SignedAuthorization } from "./wallet.ts";

export interface Spelling {
  readonly signed: SignedAuthorization;
  readonly coin: Coin;
  readonly amount: bigint;
  readonly errand: Errand;
}

export function headersOf(spelling: Spelling, flow: string | null, voucher: string | null, random: Random): Headers {
  const { errand, coin } = spelling;
  const { key, method, id } = errand;
  const headers = new Headers(method === "POST" ? { "content-length": String(`please, for ${id}`.length) } : {});
  if (voucher !== null) {
    headers.set("faregate-redeem", voucher);
    return headers;
  }
  // A v1 payment names no asset: it is the first that is offered. Of Permit2 it knows nothing.
  const isV1 = flow === null && spelling.signed.settler === null && coin === COINS[0] && random.chance(0.3);
  const isExtension = !isV1 && key !== null && key.length >= 16 && random.chance(0.5);
  if (key !== null && !isExtension) headers.set("idempotency-key", key);
  const envelope = isV1 ? v1(spelling) : v2(spelling, flow, isExtension ? key : null);
  headers.set(isV1 ? "x-payment" : "payment-signature", btoa(JSON.stringify(envelope)));
  return headers;
}

const v1 = ({ signed, coin }: Spelling): object => ({
  x402Version: 1,
  scheme: "exact",
  network: "base-sepolia",
  payload: payloadOf(coin.asset, signed),
});

function v2({ signed, coin, amount }: Spelling, flow: string | null, key: string | null): object {
  const { asset, name, version } = coin;
  const { settler } = signed;
  const byPermit2 = settler !== null && { assetTransferMethod: "permit2", facilitatorAddress: settler };
  const extra = { name, version, ...byPermit2, ...(flow !== null && { paymentFlow: flow }) };
  const scheme = settler === null ? "exact" : "upto";
  const accepted = { scheme, network: NETWORK, amount: String(amount), asset, payTo: PAY_TO, extra };
  const extensions = key === null ? {} : { "payment-identifier": { info: { required: false, id: key } } };
  return { x402Version: 2, accepted, payload: payloadOf(asset, signed), extensions };
}
