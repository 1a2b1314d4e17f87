// Who is who on the local chain. The keys are anvil's own, known to everyone and funded with ether by it:
// whatever is sent to them on a real network is taken within seconds.

import { type PrivateKeyAccount, privateKeyToAccount } from "viem/accounts";

export const relayer = account("0xac0974bec39a17e36ba4a6b4d238ff944bacb478cbed5efcae784d7bf4f2ff80");
export const buyer = account("0x59c6995e998f97a5a0044966f0945389dc9e86dae88c7a8412f4603b6b78690d");
export const minter = account("0x5de4111afa1a4b94908f83103eb1f1706367c2e68ca870fc3fb9a804cdab365a");

/** A viem account that also tells its key, for wallets and for the ready line. */
export type LocalAccount = PrivateKeyAccount & { readonly privateKey: `0x${string}` };

function account(privateKey: `0x${string}`): LocalAccount {
  return { ...privateKeyToAccount(privateKey), privateKey };
}
