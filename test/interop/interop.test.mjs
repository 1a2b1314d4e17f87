// The same URL for every stock client of both versions of the protocol, with no option but a wallet.

import { x402Client as AxiosClient, wrapAxiosWithPayment as wrapAxiosV2 } from "@x402/axios";
import { ExactEvmScheme } from "@x402/evm/exact/client";
import { x402Client as FetchClient, wrapFetchWithPayment as wrapFetchV2 } from "@x402/fetch";
import axios from "axios";
import { privateKeyToAccount } from "viem/accounts";
import { afterAll, beforeAll, expect, test } from "vitest";
import { withPaymentInterceptor as wrapAxiosV1 } from "x402-axios";
import { createSigner, wrapFetchWithPayment as wrapFetchV1 } from "x402-fetch";
import { balanceOf } from "../../tools/stack/chain.ts";
import { startStack } from "../../tools/stack/index.ts";

const PAYEE = "0x209693Bc6afc0C5328bA36FaF03C514EF312287C";
const PRICE = 1000n;

let stack;
beforeAll(async () => {
  stack = await startStack({ port: 0 });
}, 60_000);
afterAll(() => stack?.stop());

const account = () => privateKeyToAccount(stack.ready.buyer.privateKey);
const signer = () => createSigner("base-sepolia", stack.ready.buyer.privateKey);
const fromFetch = async (response) => [response.status, await response.json(), response.headers];
const fromAxios = ({ status, data, headers }) => [status, data, headers];

const clients = [
  [
    "@x402/fetch",
    "payment-response",
    async (url) => {
      const client = new FetchClient().register("eip155:*", new ExactEvmScheme(account()));
      return fromFetch(await wrapFetchV2(fetch, client)(url));
    },
  ],
  [
    "@x402/axios",
    "payment-response",
    async (url) => {
      const client = new AxiosClient().register("eip155:*", new ExactEvmScheme(account()));
      return fromAxios(await wrapAxiosV2(axios.create(), client).get(url));
    },
  ],
  ["x402-fetch", "x-payment-response", async (url) => fromFetch(await wrapFetchV1(fetch, await signer())(url))],
  [
    "x402-axios",
    "x-payment-response",
    async (url) => fromAxios(await wrapAxiosV1(axios.create(), await signer()).get(url)),
  ],
];

test.each(clients)("%s pays, is served, and finds its receipt in %s", { timeout: 30_000 }, async (_, receipt, pay) => {
  const before = await balanceOf(stack.ready.rpc, PAYEE);
  const [status, quote, headers] = await pay(`${stack.ready.gate}/v1/quotes/ETH`);
  expect(status).toBe(200);
  expect(quote).toMatchObject({ symbol: "ETH" });
  const header = headers.get(receipt);
  expect(JSON.parse(atob(header))).toMatchObject({
    success: true,
    transaction: expect.stringMatching(/^0x[0-9a-f]{64}$/),
  });
  expect((await balanceOf(stack.ready.rpc, PAYEE)) - before).toBe(PRICE);
});
