// A chain's JSON-RPC for the whole Worker: it knows the authorizations that a test puts into it, by their nonces, and its
// clock is ours unless a test moves it. Tests speak with it in its own way: methods that begin with `test_`.

import { numberToHex, pad } from "viem";
import { HEAD, RpcRefusal, startFakeRpc } from "./fake-rpc.ts";
import type { TestServer } from "./server.ts";
import { blockHash, canceled, mined, type RawReceipt, transfer, used } from "./token-logs.ts";

const BLOCK_SECONDS = 2;

export interface MinedAuthorization {
  readonly payer: string;
  readonly payTo: string;
  readonly nonce: string;
  readonly amount: string;
  readonly transaction: string;
}

export async function startLiveRpc(): Promise<TestServer> {
  const receipts: RawReceipt[] = [];
  const nonces = new Set<string>();
  const startSeconds = Math.floor(Date.now() / 1000);
  let aheadSeconds = 0;
  let isDown = false;
  const head = () => HEAD + Math.floor((Date.now() / 1000 + aheadSeconds - startSeconds) / BLOCK_SECONDS);
  const block = (number: number) => ({
    number: numberToHex(number),
    hash: blockHash(number),
    timestamp: numberToHex(startSeconds + (number - HEAD) * BLOCK_SECONDS),
    transactions: [],
  });
  const mine = ({ nonce, transaction }: MinedAuthorization, events: Parameters<typeof mined>[0]) => {
    receipts.push(mined(events, transaction, head()));
    nonces.add(nonce.slice(2).toLowerCase());
    return true;
  };
  return startFakeRpc({
    receipts,
    answers: {
      eth_getBlockByNumber: (tag: string) => {
        if (isDown) throw new RpcRefusal("out of order");
        return block(tag === "latest" ? head() : Number(tag));
      },
      eth_call: ({ data }: { data: string }) => pad(nonces.has(data.slice(-64)) ? "0x1" : "0x0", { size: 32 }),
      test_pay: (one: MinedAuthorization) =>
        mine(one, [used(one.payer, one.nonce), transfer(Number(one.amount), one.payTo, one.payer)]),
      test_cancel: (one: MinedAuthorization) => mine(one, [canceled(one.payer, one.nonce)]),
      /** The clock of the chain, so many seconds before ours. */
      test_ahead: (seconds: number) => {
        aheadSeconds = seconds;
        return true;
      },
      test_down: (down: boolean) => {
        isDown = down;
        return true;
      },
    },
  });
}
