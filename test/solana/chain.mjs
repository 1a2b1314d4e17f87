// A chain of its own for a test: the validator behind its RPC, with a buyer who has money, a seller who has an account
// for it, and a facilitator's account for the fees.

import { toFacilitatorSvmSigner } from "@x402/svm";
import { mintAccount, NETWORK, newSigner, tokenAccount, tokenAccountOf, USDC } from "./accounts.mjs";
import { startRpc } from "./rpc.mjs";
import { Validator } from "./validator.mjs";

export async function startChain() {
  const validator = new Validator();
  const [payer, payee, feePayer, poor] = await Promise.all(["buyer", "seller", "fee payer", "poor"].map(newSigner));
  validator.fund(feePayer.address);
  const { address: worthless } = await newSigner("worthless");
  for (const mint of [USDC, worthless]) {
    validator.svm.setAccount(mintAccount(mint, payee.address));
    for (const [owner, amount] of [
      [payer, 1_000_000_000n],
      [payee, 0n],
      [poor, 0n],
    ]) {
      validator.svm.setAccount(await tokenAccount(owner.address, amount, mint));
    }
  }
  const rpc = await startRpc(validator);
  const signer = toFacilitatorSvmSigner(feePayer, { defaultRpcUrl: rpc.url });
  const tokensOf = async (owner) => validator.tokensIn(await tokenAccountOf(owner.address)).amount;
  return {
    validator,
    rpc,
    payer,
    payee,
    feePayer,
    poor,
    /** A token that anybody may have made. */
    worthless,
    /** Atomic units; the buyer's lamports pay for nothing. */
    balances: async () => ({
      payer: await tokensOf(payer),
      payee: await tokensOf(payee),
      lamports: validator.svm.getBalance(payer.address) ?? 0n,
    }),
    /** Brings a payment onto the chain as a facilitator would that looks at nothing first. */
    sendUnchecked: async ({ payload }) =>
      signer.sendTransaction(await signer.signTransaction(payload.transaction, feePayer.address, NETWORK), NETWORK),
    stop: rpc.stop,
  };
}
