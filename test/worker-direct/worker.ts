// A Worker that holds nothing but the relayer's object, with the key of the local chain's relayer.

import { RelayerObject } from "../../src/direct/index.ts";
import { type Account, openAccount } from "../../src/schemes/index.ts";
import { relayer } from "../../tools/stack/accounts.ts";

export const account = openAccount(relayer.privateKey) as Account;

export class Relayer extends RelayerObject {
  constructor(ctx: DurableObjectState, env: unknown) {
    const known = (address: string): Account | null => (address === account.address ? account : null);
    super(ctx, env, { account: known, nowMs: Date.now });
  }
}

export default {
  fetch: (): Response => new Response(null, { status: 404 }),
};
