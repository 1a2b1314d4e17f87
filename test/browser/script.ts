// What a page's script does: it pays with the official client, and tells what it could read.

import { ExactEvmScheme } from "@x402/evm/exact/client";
import { decodePaymentResponseHeader, wrapFetchWithPayment, x402Client } from "@x402/fetch";
import { privateKeyToAccount } from "viem/accounts";

interface Told {
  readonly status: number;
  readonly body: unknown;
  readonly transaction: string;
}

async function buy(url: string, privateKey: `0x${string}`): Promise<Told> {
  const client = new x402Client().register("eip155:*", new ExactEvmScheme(privateKeyToAccount(privateKey)));
  const response = await wrapFetchWithPayment(fetch, client)(url, { headers: { "x-mine": "1" } });
  const { transaction } = decodePaymentResponseHeader(response.headers.get("payment-response") ?? "");
  return { status: response.status, body: await response.json(), transaction };
}

Object.assign(globalThis, { buy });
